import type { Action } from '../actions.ts'
import type { Order } from './shape.ts'
import { F, I, W, upTo } from './shape.ts'

/**
 * Shared by ZB-H1 and ZB-H2 (Qi et al. 2024, "Zero Bubble Pipeline Parallelism"): rank i runs `ahead(i)` forwards, then
 * input-gradient, weight-gradient, forward in turn. Its weight-gradients lag `delay(i)` input-gradients behind, filling
 * the ticks in which 1F1B would wait for later ranks.
 */
export function handcraftedOrder(
  stages: number,
  microbatches: number,
  ahead: (stage: number) => number,
  delay: (stage: number) => number,
): Order {
  return upTo(stages).map((stage) => {
    const first = Math.min(ahead(stage), microbatches)
    const actions: Action[] = upTo(first).map((k) => F(stage, k))
    for (let k = 0; k < microbatches; k++) {
      actions.push(I(stage, k))
      if (k >= delay(stage)) actions.push(W(stage, k - delay(stage)))
      if (k + first < microbatches) actions.push(F(stage, k + first))
    }
    for (let k = Math.max(0, microbatches - delay(stage)); k < microbatches; k++) actions.push(W(stage, k))
    return actions
  })
}
