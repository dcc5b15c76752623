import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { problemsOf } from '../../src/config/check.ts'
import { withoutStrayFields } from '../../src/config/effects.ts'
import { readConfig } from '../../src/config/parse.ts'
import { parameterCount } from '../../src/model/parameters.ts'
import { predictTraffic } from '../../src/sim/traffic.ts'
import { buildProgram } from '../../src/strategy/build.ts'
import { expectSameGradients } from '../lib/compare.ts'
import { SMALL, SMALL_LLAMA, oneDevice, runToEnd, startTest } from '../lib/run.ts'

const full = process.env.TABCLUSTER_FULL === '1'

async function compare(
  parallel: object,
  { steps = full ? 20 : 2, microbatches = 2, ...rest }: { steps?: number; microbatches?: number; model?: object } = {},
) {
  const batch = { global: 9, microbatches, sequence: 16 }
  const shared = { steps, data: { corpus: 'brackets' }, ...rest }
  const cluster = await runToEnd({ ...shared, batch, parallel })
  const one = await oneDevice({ ...shared, batch: { ...batch, microbatches: 1 } })
  expectSameGradients(cluster.gradients, one.gradients)
  for (const [i, step] of cluster.result.steps!.entries()) {
    expect(Math.abs(step.loss - one.result.steps![i]!.loss)).toBeLessThan(1e-4)
    expect(step.gradNorm / one.result.steps![i]!.gradNorm).toBeCloseTo(1, steps > 3 ? 3 : 4)
  }
  const predicted = predictTraffic(buildProgram(cluster.config))
  for (const rank of cluster.result.ranks!) {
    expect(rank.peakBytes).toEqual(rank.predictedBytes)
    const { sentBytes, receivedBytes, traffic } = rank
    expect({ sentBytes, receivedBytes, traffic }).toEqual(predicted[rank.rank])
  }
  expect(cluster.leakedBytes).toBe(0)
  return cluster
}

/** A test for GPT-2, and for LLaMA where it is of those that the short run has or all run. */
function bothFamilies(name: string, parallel: object, alsoLlama: readonly string[]): void {
  test(name, () => compare(parallel).then(() => undefined))
  if (full || alsoLlama.includes(name))
    test(`${name}, llama`, () => compare(parallel, { model: SMALL_LLAMA }).then(() => undefined))
}

describe('tensor parallelism is the same training as one device', () => {
  const cases: Record<string, object> = {
    'tensor 2': { tensor: 2 },
    'tensor 4, sequence': { tensor: 4, sequenceParallel: true },
    'tensor 2, sequence, selective': { tensor: 2, sequenceParallel: true, recompute: 'selective' },
    'tensor 2, full': { tensor: 2, recompute: 'full' },
    'tensor 2, sequence, full': { tensor: 2, sequenceParallel: true, recompute: 'full' },
    'data 2 · tensor 2': { data: 2, tensor: 2 },
    'tensor 2 · pipeline 2, 1f1b': { tensor: 2, pipeline: 2 },
    'tensor 2 · pipeline 2, zb-h1, sequence': { tensor: 2, pipeline: 2, schedule: 'zb-h1', sequenceParallel: true },
  }
  const alsoLlama = ['tensor 4, sequence', 'tensor 2 · pipeline 2, zb-h1, sequence']
  for (const [name, parallel] of Object.entries(cases)) bothFamilies(name, parallel, alsoLlama)
  test.each([SMALL.model, { ...SMALL_LLAMA, tied: true }])('a vocabulary that does not divide: %j', (model) =>
    compare({ tensor: 4 }, { model: { ...model, vocab: 259 } }).then(() => undefined),
  )
})

describe('20 steps', () => {
  const cases: Record<string, object> = {
    tensor: { tensor: 2 },
    sequence: { tensor: 2, sequenceParallel: true },
    'ZeRO-1': { data: 2, zero: 1 },
    'ZeRO-2': { data: 2, zero: 2 },
    'ZeRO-3': { data: 2, zero: 3 },
    offload: { data: 2, zero: 3, fsdp: { cpuOffload: true } },
    'data · tensor · pipeline, ZeRO-1': { data: 2, tensor: 2, pipeline: 2, zero: 1 },
  }
  for (const [name, parallel] of Object.entries(cases))
    test(name, () => compare(parallel, { steps: 20, microbatches: 2 }).then(() => undefined))
})

describe('tensor-parallel traffic is what Megatron says: multiples of b·s·h(t−1)/t elements per layer and micro-batch', () => {
  const cases: [string, object, number, number][] = [
    ['plain', {}, 8, 4],
    ['full recomputation', { recompute: 'full' }, 12, 4],
    // The head gathers its input once and sums its gradient; the embedding sums its output and gathers its gradient.
    ['sequence parallelism that gathers again', { sequenceParallel: true }, 10, 4],
  ]
  for (const [name, extra, perLayer, ends] of cases)
    test(name, async () => {
      const [b, s, h, t, m, layers] = [4, 16, 32, 2, 2, 2]
      const { result } = await runToEnd({
        batch: { global: b * m, microbatches: m, sequence: s },
        data: { corpus: 'brackets' },
        parallel: { tensor: t, ...extra },
      })
      const unit = ((b * s * h * (t - 1)) / t) * 4 * m
      for (const { traffic } of result.ranks!) expect(traffic.activations).toBe((perLayer * layers + ends) * unit)
    })
})

describe('ZeRO is the same training as one device', () => {
  const cases: Record<string, object> = {
    'zero 1 × 2': { zero: 1, data: 2 },
    'zero 1 × 3, greedy': { zero: 1, data: 3, zeroPartition: 'greedy' },
    'zero 1 × 2, all-reduce': { zero: 1, data: 2, zeroReduce: 'all-reduce' },
    'zero 2 × 2': { zero: 2, data: 2 },
    'zero 2 × 3, small buckets': { zero: 2, data: 3, bucketBytes: 10_000 },
    'zero 2 × 4, greedy': { zero: 2, data: 4, zeroPartition: 'greedy' },
    'zero 3 × 2': { zero: 3, data: 2 },
    'zero 3 × 3': { zero: 3, data: 3 },
    'zero 3 × 4, no overlap': { zero: 3, data: 4, overlap: false },
    'zero 3 × 2, greedy': { zero: 3, data: 2, zeroPartition: 'greedy' },
    'wrap all': { zero: 3, data: 2, fsdp: { wrap: 'all' } },
    'wrap by size, kept after forward': {
      zero: 3,
      data: 2,
      fsdp: { wrap: { minParameters: 15_000 }, reshardAfterForward: false },
    },
    offload: { zero: 3, data: 2, fsdp: { cpuOffload: true } },
    'offload on one device': { zero: 3, data: 1, fsdp: { cpuOffload: true } },
    'zero 1 · pipeline 2': { zero: 1, data: 2, pipeline: 2 },
    'zero 2 · pipeline 2, zb-h1': { zero: 2, data: 2, pipeline: 2, schedule: 'zb-h1' },
    'zero 3 · pipeline 2': { zero: 3, data: 2, pipeline: 2 },
    'zero 3 · tensor 2': { zero: 3, data: 2, tensor: 2 },
    'zero 3, full recomputation': { zero: 3, data: 2, recompute: 'full' },
    'zero 2 · tensor 2, sequence': { zero: 2, data: 2, tensor: 2, sequenceParallel: true },
    'zero 1 · data 2 · tensor 2 · pipeline 2': { zero: 1, data: 2, tensor: 2, pipeline: 2 },
    'zero 1 · data 2 · tensor 2 · pipeline 2, zb-h1': { zero: 1, data: 2, tensor: 2, pipeline: 2, schedule: 'zb-h1' },
  }
  for (const zero of full ? [1, 2, 3] : [])
    for (const data of [2, 3, 4])
      for (const zeroPartition of ['flat', 'greedy'])
        cases[`zero ${zero} × ${data}, ${zeroPartition} (grid)`] = { zero, data, zeroPartition }
  for (const hybrid of full
    ? [
        { data: 2, tensor: 2 },
        { data: 2, pipeline: 2 },
        { tensor: 2, pipeline: 2 },
        { data: 2, tensor: 2, pipeline: 2 },
      ]
    : [])
    for (const schedule of ['1f1b', 'zb-h1'])
      for (const zero of 'data' in hybrid ? [0, 1] : [0])
        cases[`${JSON.stringify(hybrid)} ${schedule} zero ${zero}`] = { ...hybrid, schedule, zero }
  const alsoLlama = ['zero 2 × 3, small buckets', 'offload', 'zero 1 · data 2 · tensor 2 · pipeline 2, zb-h1']
  for (const [name, parallel] of Object.entries(cases)) bothFamilies(name, parallel, alsoLlama)
  const units = {
    gpt2: [['wte', 'h.0'], ['h.1.attn']],
    llama: [['model.embed_tokens', 'model.layers.0'], ['model.layers.1.self_attn']],
  }
  for (const [family, wrap] of Object.entries(units))
    test(`listed units, ${family}`, () =>
      compare({ zero: 3, data: 3, fsdp: { wrap } }, family === 'llama' ? { model: SMALL_LLAMA } : {}).then(
        () => undefined,
      ))
})

describe('what once waited for ever is the same training as one device', () => {
  const four = { layers: 4, heads: 4, embed: 16, context: 16, vocab: 256 }
  const interleaved = { data: 2, pipeline: 2, schedule: 'interleaved-1f1b', chunks: 2 }
  const cases: [string, object, object?][] = [
    ['ZeRO-1 in buckets, interleaved', { ...interleaved, zero: 1, bucketBytes: 10_000 }, { model: four }],
    // All pairs are sent: nothing is left out.
    ['compressed, pipeline 2', { data: 2, pipeline: 2, compression: { kind: 'topk', ratio: 1 } }],
    ['ZeRO-1 × 3 with an all-reduce in buckets', { data: 3, zero: 1, zeroReduce: 'all-reduce', bucketBytes: 10_000 }],
  ]
  for (const [name, parallel, options] of cases)
    test(name, () => compare(parallel, { steps: 2, ...options }).then(() => undefined))
})

describe('ZeRO moves what its paper says, in elements per rank of Ψ parameters', () => {
  const cases: [string, object, number, (N: number, m: number) => [gradients: number, parameters: number]][] = [
    ['ZeRO-1', { zero: 1 }, 3, (N) => [(N - 1) / N, (N - 1) / N]],
    [
      'ZeRO-1 taught with an all-reduce',
      { zero: 1, zeroReduce: 'all-reduce' },
      1,
      (N) => [(2 * (N - 1)) / N, (N - 1) / N],
    ],
    ['ZeRO-2', { zero: 2 }, 1, (N) => [(N - 1) / N, (N - 1) / N]],
    ['ZeRO-2, 3 micro-batches', { zero: 2 }, 3, (N, m) => [(m * (N - 1)) / N, (N - 1) / N]],
    ['ZeRO-3', { zero: 3 }, 1, (N) => [(N - 1) / N, (2 * (N - 1)) / N]],
    ['ZeRO-3, 3 micro-batches', { zero: 3 }, 3, (N, m) => [(m * (N - 1)) / N, (2 * m * (N - 1)) / N]],
    [
      'kept after forward',
      { zero: 3, fsdp: { reshardAfterForward: false } },
      2,
      (N, m) => [(m * (N - 1)) / N, (m * (N - 1)) / N],
    ],
  ]
  for (const [name, parallel, m, formula] of cases)
    test(name, async () => {
      const N = 4
      const { config, result } = await runToEnd({
        batch: { global: N * m, microbatches: m, sequence: 16 },
        data: { corpus: 'brackets' },
        parallel: { data: N, ...parallel },
      })
      const [gradients, parameters] = formula(N, m).map((share) => share * parameterCount(config.model) * 4)
      // Parts of a bucket or unit differ by an element, each time one moves.
      for (const { traffic } of result.ranks!) {
        expect(Math.abs(traffic.gradients - gradients!)).toBeLessThanOrEqual(16 * 8 * m)
        expect(Math.abs(traffic.parameters - parameters!)).toBeLessThanOrEqual(16 * 8 * m)
      }
      const total = result.ranks!.reduce((sum, { traffic }) => sum + traffic.gradients + traffic.parameters, 0)
      expect(total).toBeCloseTo(N * (gradients! + parameters!), 0)
    })
})

describe('what AdamW holds, gathered from all ranks, is what one device holds', () => {
  const held = async (parallel: object) => {
    const run = await startTest(
      { steps: 3, data: { corpus: 'brackets' }, batch: { global: 8, microbatches: 2, sequence: 16 }, parallel },
      { startPaused: true },
    )
    for (let step = 0; step < 2; step++) await run.advance('step')
    const states = {
      parameters: await run.tensors('parameters'),
      moment1: await run.tensors('moment1'),
      moment2: await run.tensors('moment2'),
    }
    await run.stop()
    return states
  }
  let one: Awaited<ReturnType<typeof held>>
  for (const parallel of [
    {},
    { data: 2 },
    { data: 3, zero: 1 },
    { data: 2, zero: 2, zeroPartition: 'greedy' },
    { data: 4, zero: 3 },
    { data: 2, zero: 3, fsdp: { cpuOffload: true } },
    { tensor: 4, sequenceParallel: true },
    { data: 2, tensor: 2, pipeline: 2, zero: 1, schedule: 'zb-h1' },
  ])
    test(JSON.stringify(parallel), async () => {
      const states = await held(parallel)
      one ??= states
      for (const kind of ['parameters', 'moment1', 'moment2'] as const) {
        // A parameter moves by about the learning rate whatever its gradient: noise in small ones is seen at 1e-4.
        for (const [name, values] of one[kind]) {
          const other = states[kind].get(name)!
          let [difference, norm] = [0, 0]
          for (const [i, value] of values.entries()) {
            difference += (value - other[i]!) ** 2
            norm += value ** 2
          }
          expect(Math.sqrt(difference), `${kind} ${name}`).toBeLessThanOrEqual(2e-4 * Math.sqrt(norm) + 1e-12)
        }
      }
    })
})

test('random configurations of the whole space agree with one device', async () => {
  const picks = fc.record({
    data: fc.integer({ min: 1, max: 4 }),
    tensor: fc.constantFrom(1, 1, 2, 4),
    pipeline: fc.constantFrom(1, 1, 2, 3),
    zero: fc.constantFrom(0, 1, 2, 3),
    zeroPartition: fc.constantFrom('flat', 'greedy'),
    schedule: fc.constantFrom('naive', 'gpipe', '1f1b', 'interleaved-1f1b', 'zb-h1', 'zb-h2', 'zb-v'),
    recompute: fc.constantFrom('none', 'selective', 'full'),
    sequenceParallel: fc.boolean(),
    bucketBytes: fc.constantFrom(2048, 26_214_400),
    overlap: fc.boolean(),
    collective: fc.constantFrom('ring', 'tree', 'star'),
    fsdp: fc.record({
      wrap: fc.constantFrom('block', 'all', { minParameters: 3000 }),
      reshardAfterForward: fc.boolean(),
      cpuOffload: fc.boolean(),
    }),
    microbatches: fc.integer({ min: 1, max: 4 }),
    extra: fc.integer({ min: 0, max: 3 }),
    gradClip: fc.constantFrom(0, 0.5),
    vocab: fc.constantFrom(256, 261),
    seed: fc.integer({ min: 0, max: 5 }),
    heads: fc.constantFrom({ heads: 4 }, { family: 'llama', heads: 8, kvHeads: 4, ffn: 20 }),
  })
  let ran = 0
  await fc.assert(
    fc.asyncProperty(picks, async (pick) => {
      const { microbatches, extra, gradClip, seed, vocab, heads, ...rest } = pick
      const world = rest.data * rest.tensor * rest.pipeline
      fc.pre(world > 1 && world <= 8)
      const chunks = rest.schedule === 'interleaved-1f1b' || rest.schedule === 'zb-v' ? 2 : 1
      const sequenceParallel = rest.sequenceParallel && rest.tensor > 1
      const fsdp = { ...rest.fsdp, cpuOffload: rest.fsdp.cpuOffload && rest.zero === 3 }
      const parallel = { ...rest, chunks, sequenceParallel, fsdp }
      const global = rest.data * microbatches + extra
      const model = { layers: 6, ...heads, embed: 16, context: 8, vocab }
      const shared = { seed, model, data: { corpus: 'brackets' }, optimizer: { gradClip } }
      const input = { ...shared, parallel, batch: { global, microbatches, sequence: 8 } }
      const config = withoutStrayFields(readConfig({ ...SMALL, ...input }))
      fc.pre(problemsOf(config).length === 0)
      const cluster = await runToEnd(config)
      const one = await oneDevice({ ...shared, batch: { global, microbatches: 1, sequence: 8 } })
      expectSameGradients(cluster.gradients, one.gradients)
      expect(Math.abs(cluster.result.steps![0]!.loss - one.result.steps![0]!.loss)).toBeLessThan(1e-5)
      for (const rank of cluster.result.ranks!) expect(rank.peakBytes).toEqual(rank.predictedBytes)
      ran++
    }),
    { numRuns: full ? 250 : 60, seed: 20261124, verbose: true, endOnFailure: true },
  )
  expect(ran).toBeGreaterThanOrEqual(60)
}, 600_000)
