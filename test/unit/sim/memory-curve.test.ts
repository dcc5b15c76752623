import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { CATEGORIES } from '../../../src/core/bytes.ts'
import { thinned, totalBytes, type MemoryCurve } from '../../../src/sim/memory-curve.ts'
import { simulate } from '../../../src/sim/simulate.ts'

const small = {
  model: { layers: 4, heads: 2, embed: 32, context: 16, vocab: 256 },
  batch: { global: 8, microbatches: 4, sequence: 16 },
}
const gpt3 = {
  precision: 'mixed-bf16',
  model: { preset: 'gpt3-175b' },
  batch: { global: 192, microbatches: 24, sequence: 2048 },
  parallel: { data: 8, tensor: 8, pipeline: 16, schedule: '1f1b', sequenceParallel: true, recompute: 'selective' },
  cluster: { device: 'a100-80gb' },
}

const CASES: readonly (readonly [string, object])[] = [
  ['one device', small],
  ['ZeRO-3', { ...small, batch: { ...small.batch, microbatches: 1 }, parallel: { data: 4, zero: 3 } }],
  [
    'DataParallel',
    { ...small, batch: { ...small.batch, microbatches: 1 }, parallel: { data: 4, dataMode: 'data-parallel' } },
  ],
  ['1F1B', { ...small, parallel: { pipeline: 4, schedule: '1f1b' } }],
  ['ZB-H1', { ...gpt3, parallel: { ...gpt3.parallel, schedule: 'zb-h1' } }],
  ['1F1B', gpt3],
  [
    'ZB-V',
    {
      ...gpt3,
      batch: { ...gpt3.batch, microbatches: 12 },
      parallel: { ...gpt3.parallel, pipeline: 8, data: 16, schedule: 'zb-v', chunks: 2 },
    },
  ],
  ['one device', { precision: 'mixed-bf16', model: { preset: 'gpt2' }, cluster: { device: 'h100-80gb' } }],
]

describe.each(CASES)('memory over the step: %s', (_name, input) => {
  const { result, memory } = simulate(parseConfig(input, 'simulate'))
  const curves = memory()

  test('every curve peaks where its rank was predicted to', () => {
    for (const { rank, bytes } of curves) {
      const { predictedBytes } = result.ranks.find((each) => each.rank === rank)!
      const peak = Math.max(...bytes.map(totalBytes))
      expect(Math.abs(peak - predictedBytes.total)).toBeLessThanOrEqual(CATEGORIES.length)
      for (const category of CATEGORIES)
        expect(Math.max(...bytes.map((each) => each[category]))).toBeLessThanOrEqual(predictedBytes[category] + 1)
    }
  })

  test('time runs forward within the step, and every stage has a curve', () => {
    for (const { seconds, bytes, stepSeconds } of curves) {
      expect(seconds).toHaveLength(bytes.length)
      expect(seconds.every((at, i) => i === 0 || at >= seconds[i - 1]!)).toBe(true)
      expect(seconds.at(-1)).toBeLessThanOrEqual(stepSeconds)
      expect(stepSeconds).toBe(result.time.stepSeconds)
    }
    const { pipeline } = result.config.parallel
    expect(new Set(curves.map(({ coordinates }) => coordinates.pipeline)).size).toBe(pipeline)
  })
})

test("DataParallel's first device has a curve of its own", () => {
  const input = CASES.find(([name]) => name === 'DataParallel')![1]
  expect(
    simulate(parseConfig(input))
      .memory()
      .map(({ rank }) => rank)
      .slice(0, 2),
  ).toEqual([0, 1])
})

test('activations of a pipeline stage rise with every forward and are gone at the end', () => {
  const activations = (microbatches: number) => {
    const batch = { ...gpt3.batch, global: 8 * microbatches, microbatches }
    const [first] = simulate(parseConfig({ ...gpt3, batch }, 'simulate')).memory()
    return first!.bytes.map((bytes) => bytes.activations)
  }
  const live = activations(24)
  const most = Math.max(...live)
  // Tokens alone.
  expect(live[0]).toBeLessThan(most / 1000)
  expect(live.at(-1)).toBeLessThan(most / 1000)
  // 1F1B: the first stage holds as many micro-batches as there are stages.
  const [one, two] = [1, 2].map((microbatches) => Math.max(...activations(microbatches)))
  expect((most - one!) / (two! - one!)).toBeCloseTo(15, 6)
})

test('a thinned curve keeps its peak', () => {
  const bytes = Array.from({ length: 1000 }, (_, i) => ({
    parameters: 1,
    gradients: 0,
    optimizer: 0,
    activations: i === 617 ? 99 : i % 7,
    communication: 0,
    workspace: 0,
    cached: 0,
  }))
  const curve: MemoryCurve = {
    rank: 0,
    coordinates: { data: 0, pipeline: 0, tensor: 0 },
    stepSeconds: 1000,
    seconds: bytes.map((_, i) => i),
    bytes,
  }
  const thin = thinned(curve, 50)
  expect(thin.seconds).toHaveLength(50)
  expect(Math.max(...thin.bytes.map(totalBytes))).toBe(100)
  expect(thinned(curve, 1000)).toBe(curve)
})
