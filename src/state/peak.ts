import type { RunConfig } from '../config/types.ts'
import { planMemory } from '../schedule/memory-plan.ts'
import { buildProgram } from '../strategy/build.ts'
import { checkSize } from './plan-size.ts'

/**
 * Predicted bytes of the fullest device; null for what does not compile, which fits nowhere. Host memory has no budget.
 */
export function fullestPeak(config: RunConfig): number | null {
  try {
    checkSize(config)
    const ranks = buildProgram(config).ranks.filter(({ device }) => device === 'gpu')
    return ranks.reduce((most, rank) => Math.max(most, planMemory(rank, { curve: false }).peak.total), 0)
  } catch {
    return null
  }
}
