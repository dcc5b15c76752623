import { OP_KINDS, isCollective } from '../../schedule/op-kinds.ts'
import type { CollectiveOp, Op, RecvOp, SendOp } from '../../schedule/program.ts'
import { eagerRoot, eagerSpans } from '../clock/eager.ts'
import type { OpOfWalk, Pending, Walker } from './pending.ts'

/** Messages from one rank to another on one channel arrive in the order they were sent. */
export interface Channel {
  readonly sent: (OpOfWalk & { readonly start: number; readonly end: number })[]
  received: number
  waiting: Pending | null
}

/** The collectives of one group on one stream, in order. */
export interface Meeting {
  /** Number of walks that take part, each for one or more members. */
  readonly participants: number
  readonly arrived: Map<Walker, { readonly pending: Pending; readonly seconds: number }>
  /** Where walks represent several members: when each member's last message to or from a root ended. */
  memberEnd: Float64Array | null
}

type Exchange =
  | { readonly kind: 'send'; readonly channel: Channel }
  | { readonly kind: 'recv'; readonly channel: Channel }
  | { readonly kind: 'meet'; readonly meeting: Meeting }
  /** A collective whose members are all represented by one walk. */
  | { readonly kind: 'local'; readonly meeting: Meeting }

/** What a message carries: the output or input gradient of the sender's stage; a server's parameters or gradients. */
function channelOf(op: SendOp | RecvOp): string {
  const { kind, stage, direction, traffic } = op
  if (stage === undefined) return traffic
  const next = direction === 'F' ? stage - 1 : stage + 1
  return `${direction}${kind === 'send' ? stage : next}`
}

/** When the last member is ready for a collective that synchronizes all; resets the members' separate times. */
export function takeLastMemberEnd(meeting: Meeting): number {
  const last = meeting.memberEnd === null ? 0 : Math.max(...meeting.memberEnd)
  meeting.memberEnd = null
  return last
}

/** Channels and meetings between walks. `walkOf`: the index of the walk that represents a rank. */
export class Links {
  private readonly channels = new Map<string, Channel>()
  private readonly meetings = new Map<string, Meeting>()
  /** By root: when its link has received everything sent to it. */
  private readonly linkFree = new Map<number, number>()
  /** Walks that can resume. */
  readonly ready: Walker[] = []

  constructor(
    private readonly walkOf: (rank: number) => number,
    private readonly walks: () => readonly Walker[],
  ) {}

  /** What an op exchanges; null for one that needs no other rank. */
  exchangeOf(op: Op, rank: number): Exchange | null {
    if (op.kind === 'send') return { kind: 'send', channel: this.channel(rank, op.peer, channelOf(op)) }
    if (op.kind === 'recv') return { kind: 'recv', channel: this.channel(op.peer, rank, channelOf(op)) }
    if (!isCollective(op)) return null
    const meeting = this.meeting(op)
    return meeting.participants === 1 && eagerRoot(op) === null ? { kind: 'local', meeting } : { kind: 'meet', meeting }
  }

  private channel(from: number, to: number, name: string): Channel {
    const key = `${from} ${to} ${name}`
    let channel = this.channels.get(key)
    if (channel === undefined) this.channels.set(key, (channel = { sent: [], received: 0, waiting: null }))
    return channel
  }

  private meeting({ stream, group }: CollectiveOp): Meeting {
    let meeting = this.meetings.get(stream)
    if (meeting === undefined) {
      const participants = new Set(group.map((rank) => this.walkOf(rank))).size
      this.meetings.set(stream, (meeting = { participants, arrived: new Map(), memberEnd: null }))
    }
    return meeting
  }

  send(channel: Channel, message: Channel['sent'][number]): void {
    channel.sent.push(message)
    if (channel.waiting !== null) this.deliver(channel, channel.waiting)
  }

  receive(channel: Channel, pending: Pending): void {
    if (channel.sent.length > channel.received) this.deliver(channel, pending)
    else channel.waiting = pending
  }

  private deliver(channel: Channel, pending: Pending): void {
    const { walk, index, start, end } = channel.sent[channel.received++]!
    channel.waiting = null
    const { ready } = pending
    this.settle(pending, Math.max(ready, start), Math.max(ready, end), { walk, index })
  }

  join(meeting: Meeting, pending: Pending, seconds: number): void {
    meeting.arrived.set(pending.walk, { pending, seconds })
    if (meeting.arrived.size < meeting.participants) return
    const arrived = [...meeting.arrived.values()]
    meeting.arrived.clear()
    const { op } = pending
    const root = eagerRoot(op)
    if (root !== null && isCollective(op)) {
      this.exchangeWithRoot(meeting, op, root, arrived)
      return
    }
    let last = arrived[0]!
    let longest = 0
    for (const each of arrived) {
      if (each.pending.ready > last.pending.ready) last = each
      longest = Math.max(longest, each.seconds)
    }
    const from = Math.max(last.pending.ready, takeLastMemberEnd(meeting))
    const binding = last.pending.walk.bindingOf(last.pending.index)
    // All members wait for whatever delayed the last one.
    const after = binding >= 0 ? { walk: last.pending.walk, index: binding } : null
    for (const { pending: each } of arrived)
      this.settle(each, from, from + longest, each === last.pending ? null : after)
  }

  /**
   * Messages to or from a root. A walk may represent several members that take turns as the root: each has its own time
   * on the stream, and the walk itself takes the time of the member whose rank it has.
   */
  private exchangeWithRoot(
    meeting: Meeting,
    op: CollectiveOp,
    root: number,
    arrived: readonly { readonly pending: Pending; readonly seconds: number }[],
  ): void {
    const { group } = op
    const walks = this.walks()
    const byWalk = new Map(arrived.map((each) => [each.pending.walk, each]))
    const memberOf = group.map((rank) => byWalk.get(walks[this.walkOf(rank)]!)!)
    const { memberEnd } = meeting
    const allWalked = arrived.length === group.length
    const rootSends = OP_KINDS[op.kind].sides.root === 'gives'
    const members = memberOf.map(({ pending, seconds }, i) => {
      if (allWalked) return { ready: pending.ready, seconds }
      const ready = memberEnd === null ? pending.ready : Math.max(pending.placesReady, memberEnd[i]!)
      // The walk tracks what produced a message only for its own part; a root's message waits for all compute so far.
      return { ready: rootSends && i === root ? Math.max(ready, pending.computeEnd) : ready, seconds }
    })
    const rootRank = group[root]!
    const spans = eagerSpans(op, members, root, this.linkFree.get(rootRank) ?? 0)
    this.linkFree.set(rootRank, Math.max(this.linkFree.get(rootRank) ?? 0, spans[root]!.end))
    meeting.memberEnd = allWalked ? null : Float64Array.from(spans, ({ end }) => end)
    for (const [i, rank] of group.entries()) {
      const { pending } = memberOf[i]!
      if (pending.walk.rank !== rank) continue
      const { start, end, after } = spans[i]!
      const { walk, index } = memberOf[after]!.pending
      this.settle(pending, start, end, walk === pending.walk ? null : { walk, index })
    }
  }

  private settle(pending: Pending, start: number, end: number, after: OpOfWalk | null): void {
    pending.walk.resolve(pending, start, end, after)
    if (pending.walk.blocked) {
      pending.walk.blocked = false
      this.ready.push(pending.walk)
    }
  }
}
