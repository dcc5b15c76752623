import { describe, expect, test } from 'vitest'
import { predictTraffic } from '../../src/sim/traffic.ts'
import { buildProgram } from '../../src/strategy/build.ts'
import { expectSameGradients } from '../lib/compare.ts'
import { runToEnd } from '../lib/run.ts'
import type { Finished } from '../lib/run.ts'

const single = new Map<string, Promise<Finished>>()

/** One device on the same seed and batch. */
function oneDevice(input: object): Promise<Finished> {
  const key = JSON.stringify(input)
  let found = single.get(key)
  if (!found) {
    found = runToEnd(input)
    single.set(key, found)
  }
  return found
}

async function compare(parallel: object, { steps = 2, microbatches = 2, ...rest }: { steps?: number; microbatches?: number; model?: object } = {}) {
  const batch = { global: 9, microbatches, sequence: 16 }
  const shared = { steps, data: { corpus: 'brackets' }, ...rest }
  const cluster = await runToEnd({ ...shared, batch, parallel })
  const one = await oneDevice({ ...shared, batch: { ...batch, microbatches: 1 } })
  expectSameGradients(cluster.gradients, one.gradients)
  for (const [i, step] of cluster.result.steps!.entries()) {
    expect(Math.abs(step.loss - one.result.steps![i]!.loss)).toBeLessThan(1e-4)
    expect(step.gradNorm / one.result.steps![i]!.gradNorm).toBeCloseTo(1, 4)
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
  for (const [name, parallel] of Object.entries(cases)) test(name, () => compare(parallel).then(() => undefined))
  test('a vocabulary that does not divide', () =>
    compare({ tensor: 4 }, { model: { layers: 2, heads: 4, embed: 32, context: 16, vocab: 259 } }).then(() => undefined))
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
    'wrap by size, kept after forward': { zero: 3, data: 2, fsdp: { wrap: { minParameters: 15_000 }, reshardAfterForward: false } },
    'listed units': { zero: 3, data: 3, fsdp: { wrap: [['wte', 'h.0'], ['h.1.attn']] } },
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
  for (const [name, parallel] of Object.entries(cases)) test(name, () => compare(parallel).then(() => undefined))
})
