import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parameterCount } from '../../src/model/parameters.ts'
import { predictTraffic } from '../../src/sim/traffic.ts'
import { buildProgram } from '../../src/strategy/build.ts'
import { expectSameGradients } from '../lib/compare.ts'
import { SMALL, SMALL_LLAMA, oneDevice, runToEnd } from '../lib/run.ts'
import type { Finished } from '../lib/run.ts'

const full = process.env.TABCLUSTER_FULL === '1'

/** By name: what to run, and whether always or in the full grid only. */
const kinds: Record<string, object> = {
  ddp: {},
  'data-parallel': { dataMode: 'data-parallel' },
  'server on gpu 0': { dataMode: 'parameter-server' },
  'server on cpu': { dataMode: 'parameter-server', server: { at: 'cpu' } },
  'sharded server': { dataMode: 'parameter-server', server: { at: 'sharded' } },
}
const some = [
  'ddp 2',
  'ddp 3',
  'ddp 8',
  'data-parallel 3',
  'data-parallel 4',
  'server on gpu 0 2',
  'server on cpu 3',
  'sharded server 3',
]
const grid = Object.entries(kinds).flatMap(([name, parallel]) =>
  [2, 3, 4, 8].map((data): [string, object] => [`${name} ${data}`, { ...parallel, data }]),
)
const strategies: [string, object][] = [
  ...grid.filter(([name]) => full || some.includes(name)),
  ...(full ? [['ddp 16', { data: 16 }] as [string, object]] : []),
  ['ddp 2, small buckets, tree', { data: 2, bucketBytes: 4096, collective: 'tree' }],
  ['pipeline 2 1f1b', { pipeline: 2 }],
  ['pipeline 2 gpipe, 2 replicas', { pipeline: 2, data: 2, schedule: 'gpipe' }],
  ['recompute selective, zb-h2', { recompute: 'selective', pipeline: 2, schedule: 'zb-h2' }],
]

/** With family llama in the short run, too; the random configurations below have all of them in both families. */
const alsoLlama = ['ddp 3', 'sharded server 3']

async function agrees(
  parallel: object,
  global: number,
  steps: number,
  shares: readonly number[] | null = null,
  model: object = SMALL.model,
): Promise<void> {
  const batch = { global, microbatches: global >= 14 ? 1 : 2, sequence: 16, shares }
  const cluster = await runToEnd({ model, batch, steps, parallel })
  const one = await oneDevice({ model, batch: { global, microbatches: 1, sequence: 16 }, steps })
  expectSameGradients(cluster.gradients, one.gradients)
  for (const [i, step] of cluster.result.steps!.entries()) {
    expect(Math.abs(step.loss - one.result.steps![i]!.loss)).toBeLessThan(1e-4)
    expect(step.gradNorm / one.result.steps![i]!.gradNorm).toBeCloseTo(1, steps > 3 ? 3 : 5)
  }
  const predicted = predictTraffic(buildProgram(cluster.config))
  for (const rank of cluster.result.ranks!) {
    expect(rank.peakBytes).toEqual(rank.predictedBytes)
    const { sentBytes, receivedBytes, traffic } = rank
    expect({ sentBytes, receivedBytes, traffic }).toEqual(predicted[rank.rank])
  }
  expect(cluster.leakedBytes).toBe(0)
}

describe('data parallelism is the same training as one device', () => {
  for (const [name, parallel] of strategies) {
    const { data = 1 } = parallel as { data?: number }
    // 7 on 3: uneven, with accumulation.
    const global = data > 3 ? 2 * data + 1 : 7
    test(name, () => agrees(parallel, global, full && data <= 8 ? 20 : 3))
    if (full || alsoLlama.includes(name)) test(`${name}, llama`, () => agrees(parallel, global, 2, null, SMALL_LLAMA))
  }
  test('given shares', () => agrees({ data: 3 }, 8, 3, [0.5, 0.25, 0.25]))
  for (const [name, parallel] of Object.entries(kinds))
    test(`20 steps: ${name}`, () => agrees({ ...parallel, data: 2 }, 7, 20))
})

test('the same seed twice gives the same bits; another seed does not', async () => {
  const input = { steps: 3, parallel: { data: 2, pipeline: 2 } }
  const hash = async (seed: number) => (await runToEnd({ ...input, seed })).result.parametersHash
  const first = await hash(7)
  expect(await hash(7)).toBe(first)
  expect(await hash(8)).not.toBe(first)
})

describe('traffic is what the formulas say', () => {
  const count = (config: Finished['config']) => parameterCount(config.model)
  const sent = async (parallel: object) => {
    const { config, result } = await runToEnd({ parallel, batch: { global: 8, microbatches: 1, sequence: 16 } })
    return { ranks: result.ranks!, S: count(config) * 4 }
  }

  test('a ring all-reduce moves 2(N−1)/N · S per rank, but for the uneven rest', async () => {
    for (const data of [2, 3, 4]) {
      const { ranks, S } = await sent({ data })
      for (const rank of ranks) {
        expect(Math.abs(rank.traffic.gradients - (2 * (data - 1) * S) / data)).toBeLessThanOrEqual(8)
        expect(rank.traffic.parameters).toBe(0)
        expect(rank.sentBytes).toBe(rank.traffic.gradients + rank.traffic.scalars)
      }
    }
  })

  test("DataParallel's rank 0 sends the parameters and takes all gradients and logits", async () => {
    const { ranks, S } = await sent({ data: 4, dataMode: 'data-parallel', collective: 'star' })
    expect(ranks[0]!.traffic.parameters).toBe(3 * S)
    for (const rank of ranks.slice(1)) expect(rank.traffic.gradients).toBe(S)
    const { activations } = ranks[0]!.peakBytes
    expect(activations).toBeGreaterThan(1.5 * ranks[1]!.peakBytes.activations)
    expect(ranks[0]!.peakBytes.optimizer).toBeGreaterThan(0)
    expect(ranks[1]!.peakBytes.optimizer).toBe(0)
  })

  test('a server answers every pull and takes every push; sharded, everybody does', async () => {
    const central = await sent({ data: 3, dataMode: 'parameter-server' })
    expect(central.ranks[0]!.traffic).toMatchObject({ parameters: 2 * central.S, gradients: 0 })
    expect(central.ranks[1]!.traffic).toMatchObject({ parameters: 0, gradients: central.S })
    const sharded = await sent({ data: 3, dataMode: 'parameter-server', server: { at: 'sharded' } })
    for (const { traffic } of sharded.ranks) {
      expect(Math.abs(traffic.parameters - (2 * sharded.S) / 3)).toBeLessThanOrEqual(8)
      expect(Math.abs(traffic.gradients - (2 * sharded.S) / 3)).toBeLessThanOrEqual(8)
    }
  })
})

describe('both wires give what memory gives', () => {
  for (const transport of ['shared-ring', 'ports'] as const)
    for (const parallel of [
      { data: 3 },
      { data: 2, dataMode: 'data-parallel' },
      { pipeline: 2, data: 2 },
      { data: 2, zero: 3 },
      { tensor: 2 },
      { data: 3, dataMode: 'parameter-server', server: { async: true, maxStaleness: 4 } },
    ])
      test(`${transport} ${JSON.stringify(parallel)}`, async () => {
        const input = { parallel, steps: 2, batch: { global: 7, microbatches: 2, sequence: 16 } }
        const wired = await runToEnd(input, { transport })
        const memory = await runToEnd(input)
        expect(wired.result.parametersHash).toBe(memory.result.parametersHash)
        expect(wired.result.steps!.map((each) => each.loss)).toEqual(memory.result.steps!.map((each) => each.loss))
      })
})

test('random configurations agree with one device', async () => {
  const picks = fc.record({
    parallel: fc.oneof(
      fc.record({
        data: fc.integer({ min: 2, max: 4 }),
        bucketBytes: fc.constantFrom(1024, 30_000, 26_214_400),
        overlap: fc.boolean(),
        collective: fc.constantFrom('ring', 'tree', 'star'),
      }),
      fc.record({ data: fc.integer({ min: 2, max: 3 }), dataMode: fc.constant('data-parallel') }),
      fc.record({
        data: fc.integer({ min: 2, max: 3 }),
        dataMode: fc.constant('parameter-server'),
        server: fc.record({ at: fc.constantFrom('gpu0', 'cpu', 'sharded') }),
      }),
      fc.record({
        data: fc.integer({ min: 1, max: 2 }),
        pipeline: fc.constant(2),
        schedule: fc.constantFrom('naive', 'gpipe', '1f1b', 'zb-h1', 'zb-h2'),
        recompute: fc.constantFrom('none', 'selective', 'full'),
      }),
    ),
    microbatches: fc.integer({ min: 1, max: 3 }),
    extra: fc.integer({ min: 0, max: 3 }),
    corpus: fc.constantFrom('sorting', 'addition', 'brackets'),
    gradClip: fc.constantFrom(0, 0.5, 1),
    seed: fc.integer({ min: 0, max: 5 }),
    model: fc.constantFrom({ heads: 2 }, { family: 'llama', heads: 4, kvHeads: 2, ffn: 20 }),
  })
  await fc.assert(
    fc.asyncProperty(picks, async ({ parallel, microbatches, extra, corpus, gradClip, seed, model }) => {
      const global = parallel.data * microbatches + extra
      const shared = {
        seed,
        data: { corpus },
        optimizer: { gradClip },
        model: { ...model, layers: 2, embed: 16, context: 12, vocab: 256 },
      }
      const cluster = await runToEnd({ ...shared, parallel, batch: { global, microbatches, sequence: 12 } })
      const one = await runToEnd({ ...shared, batch: { global, microbatches: 1, sequence: 12 } })
      expectSameGradients(cluster.gradients, one.gradients)
      expect(Math.abs(cluster.result.steps![0]!.loss - one.result.steps![0]!.loss)).toBeLessThan(1e-5)
      for (const rank of cluster.result.ranks!) expect(rank.peakBytes).toEqual(rank.predictedBytes)
    }),
    { numRuns: process.env.TABCLUSTER_FULL === '1' ? 200 : 50, seed: 20261123, verbose: true, endOnFailure: true },
  )
}, 300_000)
