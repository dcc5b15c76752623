import type { Action } from '../actions.ts'
import type { Order, PipelineShape } from './shape.ts'
import { B, F, upTo } from './shape.ts'

/**
 * 1F1B (PipeDream-Flush, Narayanan et al. 2021): rank i runs p − 1 − i forwards ahead, then one forward, one backward.
 *
 * p = 3, m = 4, by tick:
 *
 *   rank 0: 0F0 0F1 0F2 ·   ·   ·   ·   0B0 0B0 0F3 0B1 0B1 ·   0B2 0B2 ·   0B3 0B3
 *   rank 1: ·   1F0 1F1 ·   ·   1B0 1B0 1F2 1B1 1B1 1F3 1B2 1B2 ·   1B3 1B3 ·   ·
 *   rank 2: ·   ·   2F0 2B0 2B0 2F1 2B1 2B1 2F2 2B2 2B2 2F3 2B3 2B3 ·   ·   ·   ·
 *
 * bubble as GPipe, (p − 1)/(m + p − 1), but rank i holds only min(p − i, m) activations.
 */
export function oneForwardOneBackwardOrder({ stages: p, microbatches: m }: PipelineShape): Order {
  return upTo(p).map((stage) => {
    const ahead = Math.min(p - 1 - stage, m)
    const actions: Action[] = upTo(ahead).map((k) => F(stage, k))
    for (let k = 0; k < m; k++) {
      if (k + ahead < m) actions.push(F(stage, k + ahead))
      actions.push(B(stage, k))
    }
    return actions
  })
}
