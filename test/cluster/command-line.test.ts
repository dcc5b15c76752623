import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { bytesSource, serializeSafetensors } from '../../src/checkpoint/safetensors.ts'
import { readCheckpoint } from '../../src/checkpoint/store.ts'
import { generate } from '../../src/cli/generate.ts'
import { LastGoodStep } from '../../src/cli/last-good-step.ts'
import { train } from '../../src/cli/train.ts'
import { nodeTaskHost } from '../../src/cluster/hosts/node-tasks.ts'
import type { Run } from '../../src/cluster/run.ts'
import { startRun } from '../../src/cluster/run.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { RunResult } from '../../src/config/result.ts'
import { prepareDataset } from '../../src/data/prepare.ts'
import { parameterTable } from '../../src/model/parameters.ts'
import { SMALL, reusingRankHost } from '../lib/run.ts'

const directory = mkdtempSync(join(tmpdir(), 'tabcluster-'))
afterAll(() => rmSync(directory, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

const at = (name: string) => join(directory, name)

/** Runs a command; what it prints as its result, and what it fails with. */
async function ran(command: () => Promise<void>): Promise<{ printed: string; failure: string | null }> {
  let printed = ''
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk: unknown, ...rest: unknown[]) => {
    printed += String(chunk)
    rest.find((each): each is () => void => typeof each === 'function')?.()
    return true
  })
  const failure = await command().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  return { printed, failure }
}

const files = (name: string) => ({
  out: at(`${name}.json`),
  save: at(`${name}.weights`),
  checkpoint: at(`${name}.checkpoint`),
})
const resultOf = (name: string) => JSON.parse(readFileSync(at(`${name}.json`), 'utf8')) as RunResult

const model = { ...SMALL.model, layers: 1 }
const wild = { ...SMALL, model, optimizer: { kind: 'sgd', learningRate: 900, gradClip: 0 } }

test('a run that diverges leaves what a run of its good steps leaves, and says what to do', async () => {
  const { failure, printed } = await ran(() =>
    train({ config: JSON.stringify({ ...wild, steps: 9 }), ...files('wild') }),
  )
  expect(failure).toMatch(/^step \d: the loss is .*; lower optimizer\.learningRate \(900\)$/)
  expect(printed).toBe('')
  const { steps, parametersHash, error } = resultOf('wild')
  const good = steps!.length
  // Counted from 1, as progress is.
  expect(failure).toContain(`step ${good + 1}:`)
  expect(error).toBe(failure)
  // Without a file it is printed.
  const bare = await ran(() => train({ config: JSON.stringify({ ...wild, steps: 9 }) }))
  expect(JSON.parse(bare.printed)).toMatchObject({ error: failure })
  expect(good).toBeGreaterThan(0)
  // The same steps and no more; the schedule is constant, so nothing else depends on their number.
  await ran(() => train({ config: JSON.stringify({ ...wild, steps: good }), ...files('good') }))
  expect(parametersHash).toBe(resultOf('good').parametersHash)
  expect(readFileSync(at('wild.weights')).equals(readFileSync(at('good.weights')))).toBe(true)
  expect((await readCheckpoint(bytesSource(readFileSync(at('wild.checkpoint'))))).step).toBe(good)
  expect(readdirSync(directory).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('what was wrong before the first update is not blamed on the learning rate, and nothing is written', async () => {
  const config = { ...wild, optimizer: { ...wild.optimizer, learningRate: 1e-4 }, steps: 2 }
  // Finite, but nothing computed from them is.
  const huge = parameterTable(parseConfig(config).model).map(({ name, shape }) => ({
    name,
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(3e38),
  }))
  writeFileSync(at('huge'), serializeSafetensors(huge))
  const { failure } = await ran(() => train({ config: JSON.stringify(config), init: at('huge'), ...files('huge') }))
  const sample = { prompt: 'a', tokens: '2', temperature: '0', topK: '0', seed: '0' }
  const text = await ran(() => generate({ ...sample, weights: at('huge'), config: JSON.stringify(config) }))
  expect(text).toEqual({ printed: '', failure: expect.stringMatching(/^the logits are not finite: the weights /) })
  expect(failure).toMatch(/^step 1: .* before any update: it comes from the weights that the run began with$/)
  expect(readdirSync(directory).filter((name) => name.startsWith('huge'))).toEqual(['huge'])
})

test('a run kept on the way is gone on with from there, to the same bits', async () => {
  const config = parseConfig({ ...SMALL, model, steps: 5 })
  const dataset = await prepareDataset(config, {})
  const request = { config, dataset, host: nodeTaskHost('memory', reusingRankHost) }
  const keep = (run: Run) => (run.keepWeights = true)
  const lastGood = new LastGoodStep(request, keep, 0)
  const run: Run = await startRun({
    ...request,
    startPaused: true,
    onEvent: ({ kind }) => kind === 'step' && lastGood.afterStep(run),
  })
  keep(run)
  for (let step = 0; step < 4; step++) await run.advance('step')
  const straight = await run.stop()
  const again = await lastGood.rerun(4)
  const { steps, parametersHash } = await again.finished
  expect(steps!.length).toBeLessThan(4)
  expect(parametersHash).toBe(straight.parametersHash)
  expect(again.finalWeights).toEqual(run.finalWeights)
})

test('weights alone are enough to generate: heads, tokenizer and window are theirs', async () => {
  // Too short for a sentence of the corpus: it is not asked for.
  const model = { layers: 1, heads: 2, embed: 32, context: 5, vocab: 40 }
  const data = { corpus: 'addition', tokenizer: 'char' }
  const config = { model, data, batch: { sequence: 5, global: 4, microbatches: 1 }, steps: 2 }
  await ran(() =>
    train({ config: JSON.stringify(config), save: at('char.weights'), checkpoint: at('char.checkpoint') }),
  )
  const sample = { prompt: '1+2=', tokens: '12', temperature: '0', topK: '0', seed: '0' }
  const sampled = (weights: string, given?: object) =>
    ran(() => generate({ ...sample, weights: at(weights), ...(given ? { config: JSON.stringify(given) } : {}) }))
  const alone = await sampled('char.weights')
  expect(alone).toMatchObject({ failure: null, printed: expect.stringMatching(/^1\+2=[0-9+=\n]*\n$/) as unknown })
  // A checkpoint says it, too, and the layout is the configuration's.
  expect(await sampled('char.checkpoint', { parallel: { tensor: 2 } })).toEqual(alone)
})
