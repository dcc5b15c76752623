import { memberPlan } from '../comm/plan.ts'
import { requestOf } from '../comm/request.ts'
import { isCollective, isMessage } from '../schedule/op-kinds.ts'
import type { CollectiveOp, Op, Program, RecvOp, SendOp } from '../schedule/program.ts'
import { movedBytes } from '../schedule/trace.ts'
import type { Flow } from './session.ts'

/** What ops move between ranks. */
const ELEMENT_BYTES = 4

/** Cards query this several times a second. */
const known = new WeakMap<Op, readonly Flow[]>()

export function flowsOf(rank: number, op: Op): readonly Flow[] {
  const before = known.get(op)
  if (before) return before
  const flows = isCollective(op) ? sendsOf(rank, op) : isMessage(op) ? [messageOf(rank, op)] : []
  known.set(op, flows)
  return flows
}

/** What a rank sends in a collective, by its plan: to its neighbour in a ring, to the root of a star. */
function sendsOf(rank: number, op: CollectiveOp): Flow[] {
  const sent = new Map<number, number>()
  for (const step of memberPlan(requestOf(op), op.group.indexOf(rank)).steps)
    if (step.kind === 'send') sent.set(step.peer, (sent.get(step.peer) ?? 0) + step.length)
  return [...sent].map(([peer, elements]) => ({ from: rank, to: op.group[peer]!, bytes: elements * ELEMENT_BYTES }))
}

function messageOf(rank: number, op: SendOp | RecvOp): Flow {
  const bytes = movedBytes(op) ?? 0
  return op.kind === 'recv' ? { from: op.peer, to: rank, bytes } : { from: rank, to: op.peer, bytes }
}

/** Pairs of ranks that exchange data in a step: "0 3" for both directions between 0 and 3. */
export function pairsOf({ ranks }: Program): string[] {
  const pairs = new Set<string>()
  for (const { rank, step } of ranks)
    for (const op of step)
      for (const { from, to } of flowsOf(rank, op)) pairs.add(`${Math.min(from, to)} ${Math.max(from, to)}`)
  return [...pairs]
}
