import { expect, test } from 'vitest'
import { errorOf } from '../../../src/core/errors.ts'
import { lineOf } from '../../../src/core/fault.ts'
import type { Draft } from '../../../src/state/draft-path.ts'
import { engineSession } from '../../../src/state/engine-session.ts'
import {
  createFilesStore,
  wasStartedWith,
  refusalOfFiles,
  sourcesFor,
  textFor,
} from '../../../src/state/files-store.ts'

function configOf(draft: Draft) {
  const parsed = engineSession.parse(draft)
  if (parsed.kind === 'refused') throw errorOf(parsed.problems[0]!)
  return parsed.config
}
const naming = (text: string) => configOf({ data: { text } })

test('a run reads the text that its configuration names, or none', async () => {
  const files = createFilesStore()
  await files.loadText(new File(['first'], 'a.txt'))
  expect(sourcesFor(naming('a.txt'), files.getState())).toEqual({ text: 'first' })
  expect(sourcesFor(configOf({}), files.getState())).toEqual({})
  const refusal = 'data.text: "b.txt" was not chosen on this page; choose the file'
  expect(() => sourcesFor(naming('b.txt'), files.getState())).toThrow(refusal)
  expect(() => textFor(naming('b.txt'), files.getState())).toThrow(refusal)
  await files.loadText(new File(['second'], 'b.txt'))
  expect(sourcesFor(naming('b.txt'), files.getState())).toEqual({ text: 'second' })
  expect(sourcesFor(naming('a.txt'), files.getState())).toEqual({ text: 'first' })
  expect(refusalOfFiles(configOf({ data: { tokens: 'x.bin' } }), files.getState())?.fault.field).toBe('data.tokens')
})

test('what is no text is refused by name, and what was chosen before stays', async () => {
  const files = createFilesStore()
  await files.loadText(new File(['good'], 'a.txt'))
  expect(await files.loadText(new File([new Uint8Array([0x61, 0xe4, 0x62])], 'latin1.txt'))).toBe(false)
  expect(files.getState().failure).toMatchObject({
    code: 'text-not-utf-8',
    field: 'data.text',
    values: { path: 'latin1.txt', at: 1, byte: '0xe4' },
  })
  expect([...files.getState().texts.keys()]).toEqual(['a.txt'])
  expect(await files.loadText(new File([new Uint8Array([0xff, 0xfe, 0x61, 0, 0xe4, 0])], 'utf16.txt'))).toBe(true)
  expect(files.getState().texts.get('utf16.txt')).toBe('aä')
})

test('weights that a link names start nothing until that file is chosen; another link draws them', () => {
  const files = createFilesStore()
  const config = configOf({})
  files.linkWeights('w.safetensors')
  expect(() => sourcesFor(config, files.getState())).toThrow('weights: "w.safetensors" was not chosen on this page')
  const file = new File(['w'], 'w.safetensors')
  files.chooseWeights(file)
  const sources = sourcesFor(config, files.getState())
  expect(sources).toEqual({ weights: file, startedFrom: 'w.safetensors' })
  expect(wasStartedWith(sources, config, files.getState())).toBe(true)
  files.linkWeights('w.safetensors')
  expect(files.getState().weights?.file).toBe(file)
  files.linkWeights(null)
  expect(files.getState().weights).toBeNull()
  expect(wasStartedWith(sources, config, files.getState())).toBe(false)
})

test('until a download is complete the weights stay what they were, and it can be cancelled', async () => {
  const asked: { finish: (file: Blob) => void; signal: AbortSignal }[] = []
  const files = createFilesStore(
    (_url, progress, signal) =>
      new Promise((resolve, reject) => {
        progress(5, 10)
        signal.addEventListener('abort', () => reject(signal.reason as Error))
        asked.push({ finish: (file) => resolve({ name: 'far.safetensors', file }), signal })
      }),
  )
  const first = files.download('https://example.org/far.safetensors')
  expect(files.getState()).toMatchObject({ weights: null, download: { bytes: 5, total: 10 } })
  files.cancelDownload()
  await first
  expect(asked[0]!.signal.aborted).toBe(true)
  expect(files.getState()).toMatchObject({ weights: null, download: null, failure: null })
  const second = files.download('https://example.org/far.safetensors')
  asked[1]!.finish(new Blob(['w']))
  await second
  expect(files.getState()).toMatchObject({ weights: { name: 'far.safetensors' }, download: null })
  const real = createFilesStore()
  await real.download('ftp://example.org/w')
  expect(lineOf(real.getState().failure!)).toBe(
    'weights: "ftp://example.org/w" is no address to download from; https:// or http://localhost is',
  )
})
