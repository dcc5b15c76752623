import type { Order, PipelineShape } from './shape.ts'
import { handcraftedOrder } from './zero-bubble-h.ts'

/**
 * ZB-H2: twice 1F1B's memory, no bubble between a device's first and last action when F = I = W. Rank i runs
 * 2(p − 1 − i) + 1 forwards ahead; weight-gradients lag 2i behind.
 *
 * p = 3, m = 5, by tick:
 *
 * DRAWING
 *
 * idle within a device's span (p − 1)(F + I − 2W) for m ≥ 2p − 1, W ≤ F and 2W ≤ F + I; min(2p − 1, m) activations.
 */
export function zbH2Order({ stages: p, microbatches: m }: PipelineShape): Order {
  return handcraftedOrder(
    p,
    m,
    (stage) => 2 * (p - 1 - stage) + 1,
    (stage) => 2 * stage,
  )
}
