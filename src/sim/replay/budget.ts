import { CATEGORIES, zeroByCategory } from '../../core/bytes.ts'
import { overBudget } from '../ledger.ts'
import { sequenceOf } from './code.ts'
import { RankMemory } from './memory.ts'
import type { Walk } from './walk.ts'

/**
 * Refuses a step that exceeds the memory budget per device, naming the rank with the highest peak and the op where it
 * occurs. @throws OutOfMemoryError
 */
export function checkReplayBudget(walks: readonly Walk[], budget: number | null): void {
  if (budget === null) return
  const [first, ...rest] = walks.filter(({ code }) => code.folded.rank.device === 'gpu')
  if (first === undefined) return
  const fullest = rest.reduce((most, each) => (each.peak.total > most.peak.total ? each : most), first)
  if (fullest.peak.total > budget) throw overBudget(fullest.rank, fullest.peak, peakOf(fullest), budget)
}

/** The first op of the step at which the total peaks, and the live bytes then; null where it peaks outside the step. */
function peakOf({ code, peak }: Walk) {
  const memory = new RankMemory(code)
  let op = code.prologue.ops.length
  for (const { stretch, microbatch } of sequenceOf(code)) {
    memory.enterStretch(stretch, microbatch)
    for (let i = 0; i < stretch.ops.length; i++, op++) {
      memory.allocate(stretch, i)
      if (memory.live.reduce((sum, each) => sum + each, memory.cached) >= peak.total) {
        const live = zeroByCategory()
        CATEGORIES.forEach((category, c) => (live[category] = memory.live[c]!))
        return { op, live }
      }
      memory.free(stretch, i)
    }
    memory.leaveStretch(stretch)
  }
  return null
}
