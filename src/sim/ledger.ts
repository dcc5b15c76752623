import type { PeakBytes } from '../core/bytes.ts'
import { bytesText, CATEGORIES } from '../core/bytes.ts'
import { OutOfMemoryError } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { MemoryPlan, MemoryPoint } from '../schedule/memory-plan.ts'
import { planMemory } from '../schedule/memory-plan.ts'
import type { Program } from '../schedule/program.ts'

export interface PredictedBytes {
  readonly rank: number
  readonly peak: PeakBytes
  readonly curve: readonly MemoryPoint[]
  readonly plan: MemoryPlan
}

/** Bytes per category and rank from the Program alone. */
export function predictBytes(program: Program): PredictedBytes[] {
  return program.ranks.map((rank) => {
    const plan = planMemory(rank)
    return { rank: rank.rank, peak: plan.peak, curve: plan.curve, plan }
  })
}

/**
 * Refuses a Program predicted above the budget per device, naming the rank that needs most, the op at which it does,
 * and the category that is largest there. Throws OutOfMemoryError.
 */
export function checkBudget(program: Program, predicted: readonly PredictedBytes[], budget: number | null): void {
  if (budget === null) return
  const devices = predicted.filter(({ rank }) => program.ranks[rank]?.device !== 'cpu')
  const total = Math.max(0, ...devices.map(({ peak }) => peak.total))
  const fullest = devices.find(({ peak }) => peak.total === total)
  if (fullest === undefined || total <= budget) return
  const { rank, peak, curve, plan } = fullest
  throw overBudget(rank, peak, curve.find(({ op }) => op === plan.peakOp) ?? null, budget)
}

/** @param at the op at which the rank's total peaks; null where it does before the first */
export function overBudget(
  rank: number,
  peak: PeakBytes,
  at: Pick<MemoryPoint, 'op' | 'live'> | null,
  budget: number,
): OutOfMemoryError {
  const live = at?.live ?? peak
  const worst = CATEGORIES.reduce((best, each) => (live[each] > live[best] ? each : best))
  const said = {
    rank,
    bytes: bytesText(peak.total),
    category: sentence(worst),
    categoryBytes: bytesText(live[worst]),
    budget: bytesText(budget),
  }
  return new OutOfMemoryError(
    at === null ? sentence('rank-over-budget-at-start', said) : sentence('rank-over-budget', { ...said, op: at.op }),
  )
}
