import type { Order, PipelineShape } from './shape.ts'
import { handcraftedOrder } from './zero-bubble-h.ts'

/**
 * ZB-H1: 1F1B's memory, a third of its bubble. Rank i runs p − i forwards ahead; weight-gradients lag i behind.
 *
 * p = 3, m = 4, by tick:
 *
 * DRAWING
 *
 * idle per device (p − 1)(F + I − W) for m ≥ p and W ≤ F; every rank holds min(p, m) activations.
 */
export function zbH1Order({ stages: p, microbatches: m }: PipelineShape): Order {
  return handcraftedOrder(
    p,
    m,
    (stage) => p - stage,
    (stage) => stage,
  )
}
