import { createStore } from 'zustand/vanilla'
import { FaultError, errorOf, faultOf } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { Fault } from '../core/fault.ts'
import { BrowserStore, isFull } from '../checkpoint/browser-store.ts'
import type { SavedCheckpoint } from '../checkpoint/browser-store.ts'
import { blobSource } from '../checkpoint/safetensors.ts'
import { readCheckpointHead } from '../checkpoint/store.ts'
import { minimalConfig } from '../config/minimal.ts'
import type { RunConfig } from '../config/types.ts'
import { configName } from '../export/file-name.ts'
import type { DraftValue } from './draft-path.ts'
import { isDraft } from './draft-path.ts'
import { textFor } from './files-store.ts'
import type { Page } from './page.ts'

export interface CheckpointState {
  /** null until the storage has answered. */
  readonly saved: readonly SavedCheckpoint[] | null
  readonly busy: boolean
  readonly outcome:
    | { readonly kind: 'saved' | 'removed' | 'resumed'; readonly name: string }
    | { readonly kind: 'full' | 'failed'; readonly fault: Fault }
    | null
}

export type CheckpointStore = ReturnType<typeof createCheckpointStore>

type RunningPage = Pick<Page, 'run' | 'draft' | 'session' | 'files' | 'compare'>

/** Checkpoints in this browser: saved, listed, resumed, removed. Failures are reported and change nothing. */
export function createCheckpointStore(
  page: RunningPage,
  storage: Pick<BrowserStore, keyof BrowserStore> = new BrowserStore(),
) {
  const store = createStore<CheckpointState>(() => ({ saved: null, busy: false, outcome: null }))

  const attempt = async (work: () => Promise<CheckpointState['outcome']>) => {
    if (store.getState().busy) return
    store.setState({ busy: true, outcome: null })
    try {
      const outcome = await work()
      store.setState({ outcome: outcome, saved: await storage.list() })
    } catch (error) {
      const fault = faultOf(error)
      store.setState({ outcome: { kind: isFull(fault) ? 'full' : 'failed', fault } })
    } finally {
      store.setState({ busy: false })
    }
  }
  return {
    ...store,
    refresh: () => attempt(async () => null),
    /** Saves the open run, which then continues. */
    save: () =>
      attempt(async () => {
        const handle = page.run.handle()
        if (handle === null) throw new FaultError(sentence('no-run'))
        const file = await handle.checkpoint()
        const { config, step } = await readCheckpointHead(blobSource(file))
        const name = `${configName(config)} · ${step}`
        await storage.save(name, step, file)
        return { kind: 'saved', name }
      }),
    remove: (name: string) =>
      attempt(async () => {
        await storage.remove(name)
        return { kind: 'removed', name }
      }),
    file: (name: string) => storage.file(name),
    resume: (name: string) =>
      attempt(async () => {
        await resumeFrom(page, await storage.file(name), name)
        return { kind: 'resumed', name }
      }),
    open: (file: File) =>
      attempt(async () => {
        await resumeFrom(page, file, file.name)
        return { kind: 'resumed', name: file.name }
      }),
  }
}

/**
 * Starts a run from a checkpoint, replacing the open one. `startedFrom` names its file; undefined for one taken from
 * the open run. `change` modifies the configuration (a better split of the same work); without it the run continues bit
 * for bit.
 */
export async function resumeFrom(
  { run, draft, session, files, compare }: RunningPage,
  file: Blob,
  startedFrom: string | undefined,
  change: (saved: RunConfig) => RunConfig = (saved) => saved,
): Promise<void> {
  if (compare.getState().running) throw new FaultError(sentence('compare-is-training'))
  const head = await readCheckpointHead(blobSource(file))
  const config = change(head.config)
  // A draft on the page has a default number of steps.
  const steps = config.epochs === null ? { steps: config.steps } : {}
  const resumedDraft: DraftValue = JSON.parse(JSON.stringify({ ...steps, ...minimalConfig(config) })) as DraftValue
  if (!isDraft(resumedDraft)) throw new Error('internal: a configuration is no draft')
  draft.replace(resumedDraft)
  const { config: shown, problems } = draft.getState()
  if (problems[0]) throw errorOf(problems[0])
  const made = {
    ...textFor(shown, files.getState()),
    checkpoint: file,
    ...(startedFrom === undefined ? {} : { startedFrom }),
  }
  await run.start(shown, await session.plan(shown), made)
}
