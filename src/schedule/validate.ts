import type { MemoryPlan } from './memory-plan.ts'
import { planMemory } from './memory-plan.ts'
import type { Extent } from './program-grid.ts'
import { EXTENTS } from './program-grid.ts'
import type { Program } from './program.ts'
import { invalidProgram } from './validate/fault.ts'
import { checkFlow } from './validate/flow.ts'
import { matchCollectives, matchMessages } from './validate/meetings.ts'
import { checkOps } from './validate/ops.ts'
import { checkProgress } from './validate/progress.ts'

/**
 * Proves a Program complete and free of deadlock before it runs:
 *   every op names declared buffers and stays inside them;
 *   every read has an earlier writer, every write a reader, and every micro-batch passes every segment of its stage;
 *   every send matches a receive, every collective its whole group, in the same order and with matching sizes;
 *   executed in order, with eager sends and blocking collectives, every op gets to run.
 * Prologue, step and epilogue are separate extents; only persistent buffers carry over.
 *
 * @throws InvalidProgramError with the per-rank grid around the offending op, the op marked
 */
export function validateProgram(program: Program): void {
  const plans = program.ranks.map((): MemoryPlan | null => null)
  // Undeclared buffers are found before memory is planned.
  const planOf = (rank: number) => (plans[rank] ??= planMemory(program.ranks[rank]!, { curve: false }))
  for (const extent of EXTENTS) validateExtent(program, extent, planOf)
}

function validateExtent(program: Program, extent: Extent, planOf: (rank: number) => MemoryPlan): void {
  const lists = program.ranks.map((rank) => rank[extent])
  const scope = { program, extent, lists }
  if (program.world !== program.ranks.length || program.ranks.some((rank, i) => rank.rank !== i))
    throw invalidProgram(scope, 'ranks are not numbered 0 to world − 1', [])
  checkOps(scope)
  checkFlow(scope)
  checkProgress(scope, planOf, matchMessages(scope), matchCollectives(scope))
}
