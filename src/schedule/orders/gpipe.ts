import type { Order, PipelineShape } from './shape.ts'
import { B, F, upTo } from './shape.ts'

/**
 * GPipe (Huang et al. 2019): micro-batch i is at stage j at clock cycle i + j; fill, run, drain; backward mirrored.
 *
 * p = 3, m = 3, by tick:
 *
 *   rank 0: 0F0 0F1 0F2 ·   ·   ·   ·   ·   ·   0B2 0B2 0B1 0B1 0B0 0B0
 *   rank 1: ·   1F0 1F1 1F2 ·   ·   ·   1B2 1B2 1B1 1B1 1B0 1B0 ·   ·
 *   rank 2: ·   ·   2F0 2F1 2F2 2B2 2B2 2B1 2B1 2B0 2B0 ·   ·   ·   ·
 *
 * bubble (p − 1)/(m + p − 1); every rank holds the activations of all m micro-batches.
 */
export function gpipeOrder({ stages, microbatches }: PipelineShape): Order {
  const all = upTo(microbatches)
  return upTo(stages).map((stage) => [...all.map((k) => F(stage, k)), ...all.toReversed().map((k) => B(stage, k))])
}
