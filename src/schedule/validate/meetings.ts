import { lengthOf } from '../../core/parts.ts'
import { OP_KINDS, isCollective, isMessage } from '../op-kinds.ts'
import type { OpPosition } from '../program-grid.ts'
import type { CollectiveOp, RecvOp, SendOp } from '../program.ts'
import type { Scope } from './fault.ts'
import { invalidProgram } from './fault.ts'

/**
 * The part of a message's stream shared by both ends. A stream is named "send:PEER:CHANNEL" or "recv:PEER:CHANNEL";
 * messages between two ranks on one channel arrive in the order they were sent.
 */
function channelOf(stream: string): string {
  return stream.split(':').slice(2).join(':')
}

export interface MatchedMessage {
  readonly send: OpPosition
  readonly recv: OpPosition
}

interface End<Each> {
  readonly op: Each
  readonly place: OpPosition
}

/** Pairs every send with its receive: per source, destination and channel, in list order on both sides. */
export function matchMessages(scope: Scope): MatchedMessage[] {
  const sends = new Map<string, End<SendOp>[]>()
  const recvs = new Map<string, End<RecvOp>[]>()
  const add = <Each>(ends: Map<string, End<Each>[]>, key: string, end: End<Each>) => {
    const list = ends.get(key)
    if (list === undefined) ends.set(key, [end])
    else list.push(end)
  }
  for (const [rank, ops] of scope.lists.entries())
    for (const [index, op] of ops.entries()) {
      if (!isMessage(op)) continue
      const place = { rank, index }
      if (op.peer === rank || scope.lists[op.peer] === undefined)
        throw invalidProgram(scope, `there is no peer ${op.peer}`, [place])
      const channel = channelOf(op.stream)
      if (op.kind === 'send') add(sends, `${rank} ${op.peer} ${channel}`, { op, place })
      else add(recvs, `${op.peer} ${rank} ${channel}`, { op, place })
    }

  const messages: MatchedMessage[] = []
  for (const key of new Set([...sends.keys(), ...recvs.keys()])) {
    const [out, into] = [sends.get(key) ?? [], recvs.get(key) ?? []]
    for (let k = 0; k < Math.max(out.length, into.length); k++) {
      const [send, recv] = [out[k], into[k]]
      if (recv === undefined) throw invalidProgram(scope, `rank ${send!.op.peer} does not receive this`, [send!.place])
      if (send === undefined) throw invalidProgram(scope, `rank ${recv.op.peer} does not send this`, [recv.place])
      const fault = messageFault(send.op, recv.op)
      if (fault !== null) throw invalidProgram(scope, fault, [recv.place, send.place])
      messages.push({ send: send.place, recv: recv.place })
    }
  }
  return messages
}

function messageFault(send: SendOp, recv: RecvOp): string | null {
  const [sent, expected] = [lengthOf(send.source), lengthOf(recv.target)]
  if (sent !== expected) return `expects ${expected} elements, but ${sent} are sent`
  for (const field of ['microbatch', 'direction', 'subject', 'traffic', 'elementBytes'] as const)
    if (send[field] !== recv[field])
      return `expects ${field} ${recv[field] ?? '(none)'}, but the message sent then has ${send[field] ?? '(none)'}`
  return null
}

/** One collective of a group: by member, in group order, the op that enters it. */
export type MatchedCollective = readonly OpPosition[]

/** Matches the collectives of every group and stream: all members enter the same ones in the same order. */
export function matchCollectives(scope: Scope): MatchedCollective[] {
  const entered = new Map<string, { group: readonly number[]; byRank: Map<number, End<CollectiveOp>[]> }>()
  for (const [rank, ops] of scope.lists.entries())
    for (const [index, op] of ops.entries()) {
      if (!isCollective(op)) continue
      const place = { rank, index }
      const fault = groupFault(op, rank, scope.lists.length)
      if (fault !== null) throw invalidProgram(scope, fault, [place])
      const key = `${op.stream} ${op.group.join(',')}`
      const entry = entered.get(key) ?? { group: op.group, byRank: new Map<number, End<CollectiveOp>[]>() }
      entered.set(key, entry)
      const own = entry.byRank.get(rank)
      if (own === undefined) entry.byRank.set(rank, [{ op, place }])
      else own.push({ op, place })
    }

  const meetings: MatchedCollective[] = []
  for (const { group, byRank } of entered.values()) {
    const lists = group.map((member) => byRank.get(member) ?? [])
    const most = lists.reduce((longest, list) => (list.length > longest.length ? list : longest), [])
    for (const [k, { place }] of most.entries()) {
      const absent = lists.findIndex((list) => list[k] === undefined)
      if (absent >= 0) throw invalidProgram(scope, `rank ${group[absent]} never enters this`, [place])
      const ends = lists.map((list) => list[k]!)
      checkMeeting(scope, ends)
      meetings.push(ends.map((end) => end.place))
    }
  }
  return meetings
}

function groupFault({ group, root, parts }: CollectiveOp, rank: number, world: number): string | null {
  if (!group.includes(rank)) return `rank ${rank} is not in the group ${group.join(', ')}`
  if (new Set(group).size !== group.length) return `the group ${group.join(', ')} names a rank twice`
  const stranger = group.find((member) => !Number.isInteger(member) || member < 0 || member >= world)
  if (stranger !== undefined) return `there is no rank ${stranger}`
  if (root !== undefined && !group.includes(root)) return `root ${root} is not in the group ${group.join(', ')}`
  if (parts !== undefined && parts.length !== group.length) return `${parts.length} parts for ${group.length} members`
  return null
}

function checkMeeting(scope: Scope, ends: readonly End<CollectiveOp>[]): void {
  const first = ends[0]!
  const { op } = first
  const refuse = (fault: string, end: End<CollectiveOp>) =>
    invalidProgram(scope, fault, end === first ? [end.place] : [end.place, first.place])
  const sides = OP_KINDS[op.kind].sides
  if (sides.root !== null && op.root === undefined) throw refuse('has no root', first)
  if ((sides.source === 'part' || sides.target === 'part') && op.parts === undefined)
    throw refuse('has no parts', first)
  for (const end of ends) {
    for (const field of ['kind', 'root', 'algorithm', 'combine', 'traffic', 'elementBytes', 'subject'] as const)
      if (end.op[field] !== op[field])
        throw refuse(
          `enters with ${field} ${end.op[field] ?? '(none)'} where others have ${op[field] ?? '(none)'}`,
          end,
        )
    if (end.op.parts?.join() !== op.parts?.join()) throw refuse('disagrees about the parts', end)
  }
  // Members that contribute or receive nothing have an empty side; all others must agree.
  const whole =
    op.parts?.reduce((sum, part) => sum + part, 0) ??
    ends.reduce((most, end) => Math.max(most, lengthOf(end.op.source), lengthOf(end.op.target)), 0)
  for (const [member, end] of ends.entries()) {
    const allowed = allowedLengths(op, member, whole)
    const [source, target] = [lengthOf(end.op.source), lengthOf(end.op.target)]
    if (!allowed.source.includes(source)) throw refuse(`brings ${source} elements instead of ${allowed.source[0]}`, end)
    if (!allowed.target.includes(target)) throw refuse(`keeps ${target} elements instead of ${allowed.target[0]}`, end)
  }
}

/** Allowed lengths of a member's source and target; `whole` is the length of the whole vector. */
function allowedLengths(op: CollectiveOp, member: number, whole: number): { source: number[]; target: number[] } {
  const { root, source, target } = OP_KINDS[op.kind].sides
  const isRoot = op.root === op.group[member]
  const brought = source === 'part' ? (op.parts?.[member] ?? 0) : whole
  const kept = target === 'part' ? (op.parts?.[member] ?? 0) : whole
  switch (root) {
    case null:
      return { source: [brought], target: [kept] }
    case 'gives':
      // It has the whole already, or keeps its part of it.
      if (isRoot) return { source: [brought], target: target === 'whole' ? [0, kept] : [kept, 0] }
      return { source: [0], target: [kept] }
    case 'takes':
      // A server without gradients of its own brings nothing and takes the sum.
      return isRoot ? { source: [brought, 0], target: [kept] } : { source: [brought], target: [0] }
  }
}
