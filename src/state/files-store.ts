import { createStore } from 'zustand/vanilla'
import type { RunConfig } from '../config/types.ts'
import { RefusedError, refused, faultOf } from '../core/errors.ts'
import type { Fault } from '../core/fault.ts'
import { decodeText } from '../data/decode-text.ts'
import { downloadWeights } from './download-weights.ts'
import type { Sources } from './session.ts'

/** The initial weights of a run. `file` is null where a link names weights that were not chosen on this page. */
export interface ChosenWeights {
  readonly name: string
  readonly file: Blob | null
}

export interface Download {
  readonly url: string
  readonly bytes: number
  /** null where the server does not say. */
  readonly total: number | null
}

/**
 * The user's files, by name. The configuration decides which text a run reads (`data.text`): a chosen file that is not
 * named there is not read.
 */
export interface FilesState {
  readonly texts: ReadonlyMap<string, string>
  /** null: weights are drawn from the seed. */
  readonly weights: ChosenWeights | null
  readonly download: Download | null
  /** Why the newest file or download was rejected. */
  readonly failure: Fault | null
}

export type FilesStore = ReturnType<typeof createFilesStore>

export function createFilesStore(fetchWeights: typeof downloadWeights = downloadWeights) {
  const store = createStore<FilesState>(() => ({ texts: new Map(), weights: null, download: null, failure: null }))
  let downloading: AbortController | null = null
  const cancelDownload = () => {
    downloading?.abort()
    downloading = null
    store.setState({ download: null })
  }
  const setWeights = (weights: ChosenWeights | null) => {
    cancelDownload()
    store.setState({ weights, failure: null })
  }
  return {
    ...store,
    /** Reads a text file; false, with the reason in the state, where it is not text. */
    async loadText(file: File): Promise<boolean> {
      try {
        const text = decodeText(new Uint8Array(await file.arrayBuffer()), 'data.text', file.name)
        store.setState(({ texts }) => ({ texts: new Map(texts).set(file.name, text), failure: null }))
        return true
      } catch (error) {
        store.setState({
          failure: (error instanceof RefusedError
            ? error
            : refused('data.text', 'file-cannot-be-read', { name: file.name })
          ).fault,
        })
        return false
      }
    },
    chooseWeights: (file: File) => setWeights({ name: file.name, file }),
    clearWeights: () => setWeights(null),
    /** From a link; a file of that name chosen before is assumed to be the same. */
    linkWeights(name: string | null) {
      const { weights } = store.getState()
      if (name !== (weights?.name ?? null)) setWeights(name === null ? null : { name, file: null })
    },
    /** The weights stay unchanged until it is complete. */
    async download(url: string): Promise<void> {
      cancelDownload()
      const own = new AbortController()
      downloading = own
      store.setState({ download: { url, bytes: 0, total: null }, failure: null })
      try {
        const progress = (bytes: number, total: number | null) =>
          downloading === own && store.setState({ download: { url, bytes, total } })
        const file = await fetchWeights(url, progress, own.signal)
        if (downloading === own) setWeights(file)
      } catch (error) {
        if (downloading !== own) return
        cancelDownload()
        store.setState({ failure: { field: 'weights', ...faultOf(error) } })
      }
    },
    cancelDownload,
  }
}

/** Files that a configuration names and this page does not have. */
export function refusalOfFiles({ data }: RunConfig, { texts, weights }: FilesState): RefusedError | null {
  if (data.tokens !== null) return refused('data.tokens', 'tokens-file-on-page', { path: data.tokens })
  if (data.text !== null && !texts.has(data.text)) return refused('data.text', 'text-not-chosen', { name: data.text })
  if (weights?.file === null) return refused('weights', 'weights-not-chosen', { name: weights.name })
  return null
}

/** The text that a configuration names, if any. Throws RefusedError where the page does not have it. */
export function textFor(config: RunConfig, { texts }: Pick<FilesState, 'texts'>): Pick<Sources, 'text'> {
  const { text: name } = config.data
  if (name === null) return {}
  const text = texts.get(name)
  if (text === undefined) throw refused('data.text', 'text-not-chosen', { name })
  return { text }
}

/** Whether a run of a configuration was started with these files. One from a checkpoint uses no weights file. */
export function wasStartedWith(
  { text, weights, checkpoint }: Sources,
  { data }: RunConfig,
  files: FilesState,
): boolean {
  const sameText = data.text === null || files.texts.get(data.text) === text
  return sameText && (checkpoint !== undefined || (files.weights?.file ?? undefined) === weights)
}

/** All inputs of a run besides its configuration. Throws RefusedError where the page lacks one. */
export function sourcesFor(config: RunConfig, files: FilesState): Sources {
  const refusal = refusalOfFiles(config, files)
  if (refusal) throw refusal
  const { weights } = files
  return {
    ...textFor(config, files),
    ...(weights?.file ? { weights: weights.file, startedFrom: weights.name } : {}),
  }
}
