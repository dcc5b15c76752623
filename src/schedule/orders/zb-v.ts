import type { Order, PipelineShape, StageCosts } from './shape.ts'
import { UNIT_COSTS } from './shape.ts'
import type { Priority } from './zb-v-greedy.ts'
import { greedyV } from './zb-v-greedy.ts'

/**
 * ZB-V (Qi et al. 2024): two chunks per rank in a V: rank i holds stages i and 2p − 1 − i. The last stage sits on rank 0, so
 * gradients start where inputs do; 1F1B's memory and next to no bubble.
 *
 * p = 2, m = 2, by tick of half a unit:
 *
 *   rank 0: 0F0 0F1 ·   3F0 3I0 3F1 3I1 0I0 3W0 0I1 3W1 0W0 0W1
 *   rank 1: ·   1F0 2F0 1F1 2F1 2I0 1I0 2I1 1I1 2W0 1W0 2W1 1W1
 *
 * There is no closed form for every (p, m). A list scheduler builds the order from a handful of priority rules and caps on
 * what the first chunk may hold; the shortest result wins (shortest makespan, then span, then fewest activations). With
 * F = I = W it reaches m(F + I + W) + (p − 1)F/2 wherever m is p or at least 2p.
 */
export function zbVOrder({ stages: p, microbatches: m }: PipelineShape, costs: StageCosts = UNIT_COSTS): Order {
  const unit = costs === UNIT_COSTS
  const key = `${p},${m}`
  const known = unit ? unitOrders.get(key) : undefined
  if (known !== undefined) return known
  const work = 2 * m * (costs.F + costs.I + costs.W)
  const least = work + (p - 1) * (costs.F + costs.comm)
  let best: ReturnType<typeof greedyV> = null
  let left = MAX_ACTIONS
  for (const priority of PRIORITIES)
    for (const cap of CAPS) {
      if (best !== null && ((best.makespan <= least && best.span <= work) || left <= 0)) break
      left -= 6 * p * m
      const found = greedyV(p, m, costs, { priority, cap: (rank) => Math.min(2 * p - 1, cap(p, rank)) })
      if (found !== null && (best === null || shorter(found, best))) best = found
    }
  if (unit) {
    if (unitOrders.size >= 256) unitOrders.clear()
    unitOrders.set(key, best!.order)
  }
  return best!.order
}

/** Orders under unit costs by "p,m": a sweep requests the same few repeatedly. */
const unitOrders = new Map<string, Order>()

/** a is the downward chunk, b the upward one; weight-gradients fill the gaps. */
const PRIORITIES: readonly Priority[] = [
  ['Fb', 'Ia', 'Fa', 'Ib'],
  ['Fb', 'Fa', 'Ia', 'Ib'],
  ['Fb', 'Fa', 'Ib', 'Ia'],
  ['Fb', 'Ib', 'Fa', 'Ia'],
  ['Ia', 'Ib', 'Fb', 'Fa'],
]

/** Actions placed in a search: long orders, where start and end matter less, try fewer rules. */
const MAX_ACTIONS = 6_000_000

/** How many downward-chunk activations a rank may hold. */
const CAPS: readonly ((p: number, rank: number) => number)[] = [
  (p, rank) => p + rank + 1,
  (p, rank) => Math.ceil(1.5 * p) + Math.floor(rank / 2),
  (p) => 2 * p - 1,
  (p, rank) => p + rank,
  (p, rank) => p + Math.floor(rank / 2),
  (p, rank) => 2 * p - 1 - rank,
]

interface Length {
  readonly makespan: number
  readonly span: number
  readonly peak: number
}

function shorter(a: Length, b: Length): boolean {
  if (a.makespan !== b.makespan) return a.makespan < b.makespan
  return a.span !== b.span ? a.span < b.span : a.peak < b.peak
}
