import { dependenciesOf } from '../dependencies.ts'
import type { MemoryPlan } from '../memory-plan.ts'
import { slotNames } from '../memory-plan.ts'
import { isQueued } from '../op-kinds.ts'
import type { OpPosition } from '../program-grid.ts'
import type { Scope } from './fault.ts'
import { invalidProgram } from './fault.ts'
import type { MatchedCollective, MatchedMessage } from './meetings.ts'

/**
 * Executes the extent symbolically: an op is done when what it waits for is done, a receive when its send is done too,
 * a collective when all members could enter. Ops left over wait for each other.
 *
 * Besides the order rule over memory slots, a rank's host enqueues compute in list order: nothing starts before the
 * earlier device ops have been enqueued. A list that only works when later ops overtake would hang a real rank, so it
 * is refused.
 */
export function checkProgress(
  scope: Scope,
  planOf: (rank: number) => MemoryPlan,
  messages: readonly MatchedMessage[],
  meetings: readonly MatchedCollective[],
): void {
  const offsets: number[] = []
  let count = 0
  for (const ops of scope.lists) {
    offsets.push(count)
    count += ops.length
  }
  const nodeOf = ({ rank, index }: OpPosition) => offsets[rank]! + index

  const froms: number[] = []
  const tos: number[] = []
  for (const [rank, ops] of scope.lists.entries()) {
    const base = offsets[rank]!
    if (ops.length === 0) continue
    const plan = planOf(rank)
    const dependencies = dependenciesOf(ops, slotNames(plan, plan[scope.extent]))
    let queued = -1
    for (let i = 0; i < ops.length; i++) {
      for (const target of dependencies.of(i)) {
        froms.push(base + target)
        tos.push(base + i)
      }
      if (queued >= 0) {
        froms.push(base + queued)
        tos.push(base + i)
      }
      if (isQueued(ops[i]!)) queued = i
    }
  }
  for (const { send, recv } of messages) {
    froms.push(nodeOf(send))
    tos.push(nodeOf(recv))
  }

  const meetingOf = new Int32Array(count).fill(-1)
  const missing = Int32Array.from(meetings, (meeting) => meeting.length)
  for (const [k, meeting] of meetings.entries()) for (const place of meeting) meetingOf[nodeOf(place)] = k
  const done = perform(count, froms, tos, meetingOf, missing, (k) => meetings[k]!.map(nodeOf))

  const stuck: OpPosition[] = []
  for (const [rank, ops] of scope.lists.entries()) {
    const index = ops.findIndex((_, i) => done[offsets[rank]! + i] === 0)
    if (index >= 0) stuck.push({ rank, index })
  }
  if (stuck.length > 0)
    throw invalidProgram(
      scope,
      `waits for ever, as do ${stuck.length - 1} other ranks: each needs another's turn`,
      stuck,
    )
}

/** Topological order with matched collectives; 1 for every op that got to run. */
function perform(
  count: number,
  froms: readonly number[],
  tos: readonly number[],
  meetingOf: Int32Array,
  missing: Int32Array,
  membersOf: (meeting: number) => readonly number[],
): Uint8Array {
  const waits = new Int32Array(count)
  const starts = new Int32Array(count + 1)
  for (const to of tos) waits[to]!++
  for (const from of froms) starts[from + 1]!++
  for (let i = 0; i < count; i++) starts[i + 1]! += starts[i]!
  const fill = starts.slice(0, count)
  const followers = new Int32Array(froms.length)
  for (const [edge, from] of froms.entries()) followers[fill[from]!++] = tos[edge]!

  const done = new Uint8Array(count)
  const ready: number[] = []
  const enter = (node: number) => {
    const meeting = meetingOf[node]!
    if (meeting < 0) ready.push(node)
    else if (--missing[meeting]! === 0) for (const member of membersOf(meeting)) ready.push(member)
  }
  for (let node = 0; node < count; node++) if (waits[node] === 0) enter(node)
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    done[node] = 1
    for (let i = starts[node]!; i < starts[node + 1]!; i++) {
      const next = followers[i]!
      if (--waits[next]! === 0) enter(next)
    }
  }
  return done
}
