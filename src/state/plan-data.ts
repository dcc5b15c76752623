import type { RunConfig } from '../config/types.ts'
import type { MemoryPlan } from '../schedule/memory-plan.ts'
import { OP_KINDS, isCompute } from '../schedule/op-kinds.ts'
import type { Op, Program } from '../schedule/program.ts'
import { noteOf } from '../schedule/trace.ts'
import { inspect } from './inspect/inspect.ts'
import { flowsOf } from './op-flows.ts'
import type { OpNote, Plan } from './session.ts'

/** A plan as posted by its worker, without the functions that answer queries. */
export interface PlanData extends Omit<Plan, 'describe' | 'inspect'> {
  readonly program: Program
  readonly memory: readonly MemoryPlan[]
}

/** The plan, with queries for ops and tensors that the page makes many times a second. */
export function planFrom(config: RunConfig, { program, memory, ...plan }: PlanData): Plan {
  const find = opIndex(program)
  return {
    ...plan,
    describe: (rank, op) => describe(rank, find(rank, op)),
    inspect: (target) => inspect({ program, config, memory }, target),
  }
}

/** What fits into a cell: "F3", "AR bucket 1". */
function shortLabel(op: Op): string {
  const { label } = OP_KINDS[op.kind]
  if (isCompute(op)) return `${label}${op.microbatch ?? ''}`
  return 'subject' in op ? `${label} ${op.subject}` : label
}

/** Ops of each rank by id: cards and timelines query it many times a second. */
function opIndex(program: Program): (rank: number, id: number) => Op | undefined {
  const byRank = program.ranks.map(() => null as ReadonlyMap<number, Op> | null)
  return (rank, id) => {
    const found = program.ranks[rank]
    if (!found) return undefined
    byRank[rank] ??= new Map([found.prologue, found.step, found.epilogue].flat().map((op) => [op.id, op]))
    return byRank[rank].get(id)
  }
}

function describe(rank: number, op: Op | undefined): OpNote | null {
  if (!op) return null
  return {
    ...noteOf(op),
    kind: OP_KINDS[op.kind].drawing,
    flows: flowsOf(rank, op),
    traffic: 'traffic' in op ? op.traffic : null,
    label: shortLabel(op),
  }
}
