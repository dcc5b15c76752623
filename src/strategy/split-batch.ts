import { evenParts } from '../core/parts.ts'
import { replicaSizes } from '../config/check.ts'
import type { RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import { Rng, shuffled } from '../core/random.ts'
import { offsetsOf } from './draft.ts'

/**
 * Splits the global batch: a seeded shuffle, divided over replicas (by shares, else evenly), then over each replica's
 * micro-batches. Every sample 0 … global−1 occurs exactly once; sizes differ by at most one, larger first. Returns
 * [replica][micro-batch] → sample indices. The same for every step: the content of a sample depends on the step.
 */
export function splitBatch(config: RunConfig): number[][][] {
  const { global, microbatches } = config.batch
  const order = shuffled(global, new Rng(config.seed, 'deal'))
  const sizes = replicaSizes(config)
  const starts = offsetsOf(sizes)
  return sizes.map((size, replica) => {
    if (size < microbatches)
      throw refused('batch.microbatches', 'microbatch-empty-in-replica', { microbatches, replica, size })
    const own = order.slice(starts[replica]!, starts[replica]! + size)
    const parts = evenParts(size, microbatches)
    return offsetsOf(parts).map((start, m) => own.slice(start, start + parts[m]!))
  })
}

/** No sample: an empty slot of a micro-batch. */
const NO_SAMPLE = -1

/**
 * Parts that any worker may take have one shape: each micro-batch is padded with empty slots to the largest of its
 * kind.
 */
export function equallyShapedParts(config: RunConfig): number[][][] {
  const batches = splitBatch(config)
  const sizes = batches[0]!.map((_, m) => batches.reduce((most, each) => Math.max(most, each[m]!.length), 0))
  return batches.map((parts) =>
    parts.map((samples, m) => {
      const size = sizes[m]!
      return [...samples, ...Array.from({ length: size - samples.length }, () => NO_SAMPLE)]
    }),
  )
}
