import type { Order, PipelineShape } from './shape.ts'
import { B, F, upTo } from './shape.ts'

/**
 * Model parallelism without a pipeline: one micro-batch at a time goes through all stages and back, one device works.
 *
 *   rank 0: 0F0 ·   ·   ·   0B0 0B0 0F1 ·   ·   ·   0B1 0B1
 *   rank 1: ·   1F0 1B0 1B0 ·   ·   ·   1F1 1B1 1B1 ·   ·
 *
 * bubble (p − 1)/p; one activation live.
 */
export function naiveOrder({ stages, microbatches }: PipelineShape): Order {
  return upTo(stages).map((stage) => upTo(microbatches).flatMap((k) => [F(stage, k), B(stage, k)]))
}
