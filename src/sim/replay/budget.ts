import { CATEGORIES, zeroByCategory } from '../../core/bytes.ts'
import { overBudget } from '../ledger.ts'
import { sequenceOf } from './code.ts'
import { RankMemory } from './memory.ts'
import type { Walk } from './walk.ts'

/**
 * Refuses a step that takes more than the budget per device, naming the rank that needs most and the first op with which
 * its total passes the budget. @throws OutOfMemoryError
 */
export function checkReplayBudget(walks: readonly Walk[], budget: number | null): void {
  if (budget === null) return
  const [first, ...rest] = walks.filter(({ code }) => code.folded.rank.device === 'gpu')
  if (first === undefined) return
  const fullest = rest.reduce((most, each) => (each.peak.total > most.peak.total ? each : most), first)
  if (fullest.peak.total > budget) throw overBudget(fullest.rank, fullest.peak, firstOver(fullest, budget), budget)
}

/** The first op of the step that passes the budget, and what is live then; null where the rank's own state does. */
function firstOver({ code }: Walk, budget: number) {
  const memory = new RankMemory(code)
  let op = code.prologue.ops.length
  for (const { stretch, microbatch } of sequenceOf(code)) {
    memory.enterStretch(stretch, microbatch)
    for (let i = 0; i < stretch.ops.length; i++, op++) {
      memory.take(stretch, i)
      if (memory.live.reduce((sum, each) => sum + each, memory.cached) > budget) {
        const live = zeroByCategory()
        CATEGORIES.forEach((category, c) => (live[category] = memory.live[c]!))
        return { op, live }
      }
      memory.give(stretch, i, false)
    }
    memory.leaveStretch(stretch)
  }
  return null
}
