import { describe, expect, test } from 'vitest'
import { expectSameGradients } from '../lib/compare.ts'
import { runToEnd } from '../lib/run.ts'
import type { Finished } from '../lib/run.ts'

const single = new Map<string, Promise<Finished>>()

/** One device on the same seed and batch. */
function oneDevice(input: { batch?: object; steps?: number; optimizer?: object }): Promise<Finished> {
  const key = JSON.stringify(input)
  let found = single.get(key)
  if (!found) {
    found = runToEnd(input)
    single.set(key, found)
  }
  return found
}

const strategies: Record<string, object> = {
  'ddp 2': { data: 2 },
  'ddp 3': { data: 3 },
  'ddp 2, small buckets, tree': { data: 2, bucketBytes: 4096, collective: 'tree' },
  'data-parallel 2': { data: 2, dataMode: 'data-parallel' },
  'data-parallel 3': { data: 3, dataMode: 'data-parallel' },
  'server on gpu 0': { data: 2, dataMode: 'parameter-server' },
  'server on cpu': { data: 2, dataMode: 'parameter-server', server: { at: 'cpu' } },
  'sharded server': { data: 3, dataMode: 'parameter-server', server: { at: 'sharded' } },
  'pipeline 2 1f1b': { pipeline: 2 },
  'pipeline 2 gpipe, 2 replicas': { pipeline: 2, data: 2, schedule: 'gpipe' },
  'pipeline 2 zb-h1': { pipeline: 2, schedule: 'zb-h1' },
  'recompute full': { recompute: 'full' },
  'recompute selective, zb-h2': { recompute: 'selective', pipeline: 2, schedule: 'zb-h2' },
}

describe('data parallelism is the same training as one device', () => {
  for (const [name, parallel] of Object.entries(strategies))
    test(name, async () => {
      const batch = { global: 7, microbatches: 2, sequence: 16 }
      const cluster = await runToEnd({ batch, steps: 3, parallel })
      const one = await oneDevice({ batch: { ...batch, microbatches: 1 }, steps: 3 })
      expectSameGradients(cluster.gradients, one.gradients)
      for (const [i, step] of cluster.result.steps!.entries()) {
        expect(Math.abs(step.loss - one.result.steps![i]!.loss)).toBeLessThan(1e-4)
        expect(step.gradNorm / one.result.steps![i]!.gradNorm).toBeCloseTo(1, 5)
      }
      for (const rank of cluster.result.ranks!) expect(rank.peakBytes).toEqual(rank.predictedBytes)
      expect(cluster.leakedBytes).toBe(0)
    })
})
