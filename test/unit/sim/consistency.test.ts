import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { parameterCount } from '../../../src/model/parameters.ts'
import { simulate, type SimulatedResult } from '../../../src/sim/simulate.ts'

/*
 * What a comparison of configurations must never get wrong, over random cases in mixed precision on eight ranks or more.
 */

const run = (input: object): SimulatedResult => simulate(parseConfig(input, 'simulate')).result
const fullest = ({ ranks }: SimulatedResult) => Math.max(...ranks.map(({ predictedBytes }) => predictedBytes.total))
const activations = ({ ranks }: SimulatedResult) =>
  Math.max(...ranks.map(({ predictedBytes }) => predictedBytes.activations))
const sent = ({ ranks }: SimulatedResult, kind: 'parameters' | 'gradients') =>
  Math.max(...ranks.map(({ traffic }) => traffic[kind]))

const base = fc.record({
  model: fc
    .record({
      family: fc.constantFrom('gpt2', 'llama'),
      layers: fc.constantFrom(4, 8),
      heads: fc.constantFrom(8, 16),
      embed: fc.constantFrom(512, 1024),
    })
    .map((shape) => ({ ...shape, context: 512, vocab: 8192 })),
  precision: fc.constantFrom('mixed-bf16', 'mixed-f16'),
  samples: fc.constantFrom(1, 2, 4),
  microbatches: fc.constantFrom(1, 2),
  cluster: fc.record({
    device: fc.constantFrom('a100-80gb', 'h100-80gb', 'v100-32gb'),
    software: fc.constantFrom('modern', 'megatron-2021', 'pytorch-fsdp'),
  }),
})
type Base = Omit<typeof base extends fc.Arbitrary<infer Each> ? Each : never, 'microbatches' | 'samples'> & {
  readonly microbatches: number
  readonly samples: number
}

function inputOf(
  { samples, microbatches, ...rest }: Base,
  data: number,
  parallel: object,
  cluster: object = {},
): object {
  return {
    ...rest,
    batch: { global: data * samples * microbatches, microbatches, sequence: 512 },
    parallel: { data, ...parallel },
    cluster: { ...rest.cluster, ...cluster },
  }
}

const runs = process.env.TABCLUSTER_FULL === '1' ? 200 : 4
const over = (check: (input: Base) => void) =>
  fc.assert(
    fc.property(base, (input) => check(input)),
    { numRuns: runs, seed: 5 },
  )

describe('more sharding', () => {
  test('never holds more on the fullest rank, up to gradients and units that wait', () =>
    over((input) => {
      const results = [0, 1, 2, 3].map((zero) => run(inputOf(input, 8, { zero })))
      const config = results[0]!.config
      const psi = parameterCount(config.model)
      // ZeRO-2 holds the gradients of buckets that are not reduced yet beside its share, ZeRO-3 two units.
      const waiting = (zero: number) =>
        zero < 2 ? 0 : 2 * config.parallel.bucketBytes + (16 * psi) / config.model.layers
      for (let zero = 1; zero <= 3; zero++)
        expect(fullest(results[zero]!), `ZeRO-${zero}`).toBeLessThanOrEqual(
          fullest(results[zero - 1]!) * 1.001 + waiting(zero) + 16 * 8 * 200,
        )
    }))

  test('sends what its formula says: 2Ψ(N−1)/N to stage 2 in one micro-batch, 3Ψ(N−1)/N in stage 3', () =>
    over((input) => {
      const alone = { ...input, microbatches: 1 }
      const bytes = (zero: number) => {
        const result = run(inputOf(alone, 8, { zero }))
        return sent(result, 'gradients') + sent(result, 'parameters')
      }
      const [ddp, one, two, three] = [0, 1, 2, 3].map(bytes) as [number, number, number, number]
      const psi = parameterCount(run(inputOf(alone, 8, {})).config.model)
      // Every element is exchanged in two bytes or in four, and all alike.
      expect(ddp / ((2 * psi * 7) / 8)).toBeGreaterThan(1.99)
      expect(one).toBeGreaterThan(0.99 * Math.min(ddp, one))
      expect(two / one).toBeCloseTo(1, 1)
      // What belongs to no block stays gathered from forward to backward.
      const { model } = run(inputOf(alone, 8, {})).config
      const blocks = psi - parameterCount({ ...model, layers: 0 })
      expect(three - two).toBeGreaterThan(0.99 * ((2 * blocks * 7) / 8))
    }))

  test('without overlap is never faster past the optimizer that it shares out', () =>
    // Enough samples that kernels take longer than their launches: what a gather takes hides behind launches, too.
    over((any) => {
      const input = { ...any, samples: 16 }
      const [two, three] = [2, 3].map((zero) => run(inputOf(input, 8, { zero, overlap: false }))) as [
        SimulatedResult,
        SimulatedResult,
      ]
      expect(three.time.stepSeconds).toBeGreaterThanOrEqual(two.time.stepSeconds * 0.99)
    }))
})

test('recomputation costs time and saves activations, the more the more is recomputed', () =>
  over((input) => {
    const [none, selective, full] = ['none', 'selective', 'full'].map((recompute) =>
      run(inputOf(input, 8, { recompute })),
    ) as [SimulatedResult, SimulatedResult, SimulatedResult]
    expect(none.time.stepSeconds).toBeLessThanOrEqual(selective.time.stepSeconds * 1.0001)
    expect(selective.time.stepSeconds).toBeLessThanOrEqual(full.time.stepSeconds * 1.0001)
    const { model, batch } = none.config
    const blockInput = (2 * model.embed * batch.sequence * batch.global) / 8 / batch.microbatches
    expect(activations(selective)).toBeLessThanOrEqual(activations(none) + blockInput)
    expect(activations(full)).toBeLessThanOrEqual(activations(selective) + blockInput)
  }))

test('a faster link or device is never slower', () =>
  over((input) => {
    const step = (cluster: object, parallel: object = { tensor: 2, pipeline: 2 }) =>
      run(inputOf(input, 4, { ...parallel, schedule: '1f1b' }, cluster)).time.stepSeconds
    const slack = 1 + 1e-9
    expect(step({ interNode: 'ib-ndr400', devicesPerNode: 4 })).toBeLessThanOrEqual(
      step({ interNode: 'ib-hdr200', devicesPerNode: 4 }) * slack,
    )
    expect(step({ intraNode: 'nvlink4' })).toBeLessThanOrEqual(step({ intraNode: 'nvlink3' }) * slack)
    expect(step({ device: 'h200-141gb' })).toBeLessThanOrEqual(step({ device: 'h100-80gb' }) * slack)
  }))

test.each([
  ['gpipe', 1],
  ['1f1b', 1],
  ['interleaved-1f1b', 2],
])('twice the micro-batches never make the bubble of %s larger', (schedule, chunks) => {
  for (const pipeline of [2, 4, 8])
    for (let times = 1; times <= 4; times++) {
      const bubble = (microbatches: number) =>
        run({
          model: { layers: pipeline * chunks, heads: 2, embed: 32, context: 16, vocab: 256 },
          precision: 'mixed-bf16',
          batch: { global: microbatches, microbatches, sequence: 16 },
          parallel: { pipeline, schedule, chunks },
        }).schedule!.bubble
      expect(bubble(2 * pipeline * times)).toBeLessThanOrEqual(bubble(pipeline * times) + 1e-12)
    }
})
