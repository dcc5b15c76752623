import { expect, test } from 'vitest'
import { blobSource } from '../../src/checkpoint/safetensors.ts'
import { readCheckpoint } from '../../src/checkpoint/store.ts'
import { SMALL_LLAMA, startTest } from '../lib/run.ts'

/** A checkpoint after three steps, and another run from it: bit for bit what one run of six steps does. */
const CASES: Readonly<Record<string, object>> = {
  'one device': {},
  'one device, SGD with momentum': { optimizer: { kind: 'sgd', learningRate: 0.05, momentum: 0.9 } },
  'one device, plain SGD, micro-batches': {
    optimizer: { kind: 'sgd', learningRate: 0.05, momentum: 0 },
    batch: { global: 8, microbatches: 2, sequence: 16 },
  },
  'pipeline 2 × data 3': { parallel: { data: 3, pipeline: 2 }, batch: { global: 12, microbatches: 2, sequence: 16 } },
  'DDP × 3': { parallel: { data: 3 }, batch: { global: 9, microbatches: 1, sequence: 16 } },
  'DataParallel × 2': { parallel: { data: 2, dataMode: 'data-parallel' } },
  'parameter server on the CPU': { parallel: { data: 2, dataMode: 'parameter-server', server: { at: 'cpu' } } },
  'parameter server, sharded': { parallel: { data: 2, dataMode: 'parameter-server', server: { at: 'sharded' } } },
  'ZeRO-1 × 3': { parallel: { data: 3, zero: 1 }, batch: { global: 9, microbatches: 1, sequence: 16 } },
  'ZeRO-2 × 2, greedy': { parallel: { data: 2, zero: 2, zeroPartition: 'greedy' } },
  'ZeRO-3 × 2': { parallel: { data: 2, zero: 3 } },
  'ZeRO-3 × 2, offloaded': { parallel: { data: 2, zero: 3, fsdp: { cpuOffload: true } } },
  'tensor × 2': { parallel: { tensor: 2 }, model: { layers: 2, heads: 4, embed: 32, context: 16, vocab: 257 } },
  '1F1B × 2, data × 2': { parallel: { pipeline: 2, data: 2 }, batch: { global: 8, microbatches: 2, sequence: 16 } },
  'ZB-V × 2': {
    parallel: { pipeline: 2, schedule: 'zb-v', chunks: 2 },
    model: { layers: 4, heads: 4, embed: 32, context: 16, vocab: 256 },
    batch: { global: 8, microbatches: 4, sequence: 16 },
  },
  '2 × 2 × 2, ZeRO-1': {
    parallel: { data: 2, tensor: 2, pipeline: 2, zero: 1 },
    batch: { global: 8, microbatches: 2, sequence: 16 },
  },
  'LLaMA, 2 × 2 × 2, ZeRO-1': {
    model: SMALL_LLAMA,
    parallel: { data: 2, tensor: 2, pipeline: 2, zero: 1 },
    batch: { global: 8, microbatches: 2, sequence: 16 },
  },
  'top-k with error feedback': {
    parallel: { data: 2, compression: { kind: 'topk', ratio: 0.05, errorFeedback: true } },
  },
}

for (const [name, input] of Object.entries(CASES))
  test(`${name}: going on from a checkpoint is bit-identical`, async () => {
    const whole = { optimizer: { schedule: 'cosine', warmupSteps: 2, learningRate: 3e-3 }, ...input, steps: 6 }
    const straight = await (await startTest(whole)).finished
    const first = await startTest(whole, { startPaused: true })
    for (let step = 0; step < 3; step++) await first.advance('step')
    const file = await first.checkpoint()
    await first.stop()
    const resume = await readCheckpoint(blobSource(file))
    expect(resume.step).toBe(3)
    const second = await startTest(whole, { resume })
    const rest = await second.finished
    expect(rest.steps!.map(({ step }) => step)).toEqual([3, 4, 5])
    expect(rest.steps!.map(({ loss }) => loss)).toEqual(straight.steps!.slice(3).map(({ loss }) => loss))
    expect(rest.parametersHash).toBe(straight.parametersHash)
    expect(second.leakedBytes).toBe(0)
  })

test('another layout goes on from the same weights', async () => {
  const common = { steps: 4, optimizer: { learningRate: 3e-3 } }
  const straight = await (await startTest(common)).finished
  const first = await startTest({ ...common, parallel: { data: 2 } }, { startPaused: true })
  await first.advance('step')
  await first.advance('step')
  const file = await first.checkpoint()
  await first.stop()
  const resume = await readCheckpoint(blobSource(file))
  const batch = { global: 8, microbatches: 2, sequence: 16 }
  const second = await startTest({ ...common, batch, parallel: { pipeline: 2, tensor: 2 } }, { resume })
  const { steps } = await second.finished
  for (const [i, { loss }] of steps!.entries())
    expect(Math.abs(loss / straight.steps![i + 2]!.loss - 1)).toBeLessThan(1e-4)
})

test('a checkpoint of something else is refused by what differs', async () => {
  const first = await startTest({ steps: 3 }, { startPaused: true })
  await first.advance('step')
  const resume = await readCheckpoint(blobSource(await first.checkpoint()))
  await first.stop()
  const model = { layers: 1, heads: 4, embed: 32, context: 16, vocab: 256 }
  await expect(startTest({ model, steps: 3 }, { resume })).rejects.toThrow(/^checkpoint: is of another model/)
  await expect(startTest({ steps: 1 }, { resume })).rejects.toThrow(/^checkpoint: has 1 steps; this run ends after 1$/)
  await expect(startTest({ steps: 3, data: { corpus: 'addition' } }, { resume })).rejects.toThrow(
    /^checkpoint: was trained on other data/,
  )
  const sgd = { kind: 'sgd', learningRate: 0.1 }
  await expect(startTest({ steps: 3, optimizer: sgd }, { resume })).rejects.toThrow(
    /^checkpoint: is of optimizer adamw/,
  )
})

test('an asynchronous server has no state between steps', async () => {
  const run = await startTest(
    { steps: 3, parallel: { data: 2, dataMode: 'parameter-server', server: { async: true, maxStaleness: 2 } } },
    { startPaused: true },
  )
  await run.advance('step')
  await expect(run.checkpoint()).rejects.toThrow(/^checkpoint: an asynchronous server/)
  await run.stop()
})
