import type { Order, PipelineShape } from './shape.ts'
import { handcraftedOrder } from './zero-bubble-h.ts'

/**
 * ZB-H2: twice 1F1B's memory, no bubble between a device's first and last action when F = I = W. Rank i runs
 * 2(p − 1 − i) + 1 forwards ahead; weight-gradients lag 2i behind.
 *
 * p = 3, m = 5, by tick:
 *
 *   rank 0: 0F0 0F1 0F2 0F3 0F4 0I0 0W0 0I1 0W1 0I2 0W2 0I3 0W3 0I4 0W4 ·   ·
 *   rank 1: ·   1F0 1F1 1F2 1I0 1F3 1I1 1F4 1I2 1W0 1I3 1W1 1I4 1W2 1W3 1W4 ·
 *   rank 2: ·   ·   2F0 2I0 2F1 2I1 2F2 2I2 2F3 2I3 2F4 2I4 2W0 2W1 2W2 2W3 2W4
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
