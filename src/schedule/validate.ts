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
 * Proves a Program complete and free of deadlock before anything runs:
 *   every op names declared buffers and stays inside them;
 *   every read has an earlier writer, nothing is written for nobody, every micro-batch passes every segment of its stage;
 *   every send meets its receive, every collective its whole group, in the same order and with fitting sizes;
 *   performed in order, with eager sends and collectives that wait for all members, every op gets its turn.
 * Prologue, step and epilogue are extents of their own; only persistent buffers are carried from one to the next.
 *
 * @throws InvalidProgramError with the per-rank grid around the offending op, the op marked
 */
export function validateProgram(program: Program): void {
  const plans = program.ranks.map((): MemoryPlan | null => null)
  // Whatever an extent does not declare is found before its memory is planned.
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
