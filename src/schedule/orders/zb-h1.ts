import type { Order, PipelineShape } from './shape.ts'
import { handcraftedOrder } from './zero-bubble-h.ts'

/**
 * ZB-H1: 1F1B's memory, a third of its bubble. Rank i runs p − i forwards ahead; weight-gradients lag i behind.
 *
 * p = 3, m = 4, by tick:
 *
 *   rank 0: 0F0 0F1 0F2 ·   ·   0I0 0W0 0F3 0I1 0W1 0I2 0W2 0I3 0W3
 *   rank 1: ·   1F0 1F1 ·   1I0 1F2 1I1 1W0 1F3 1I2 1W1 1I3 1W2 1W3
 *   rank 2: ·   ·   2F0 2I0 2F1 2I1 2F2 2I2 2W0 2F3 2I3 2W1 2W2 2W3
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
