import type { CollectiveOp, Op, RecvOp, SendOp } from '../../schedule/program.ts'
import { eagerRoot, eagerSpans } from '../clock/eager.ts'
import type { OpOfWalk, Pending, Walker } from './pending.ts'

/** Messages from one rank to another on one channel arrive in the order they were sent. */
export interface Channel {
  readonly sent: (OpOfWalk & { readonly start: number; readonly end: number })[]
  received: number
  waiting: Pending | null
}

/** The collectives of one group on one stream, one after the other. */
export interface Meeting {
  /** Walks that take part, each for one or more members. */
  readonly participants: number
  readonly here: Map<Walker, { readonly pending: Pending; readonly seconds: number }>
  /** Where walks stand for several members: when each was through with the last message to or from a root. */
  memberEnd: Float64Array | null
}

type Exchange =
  | { readonly kind: 'send'; readonly channel: Channel }
  | { readonly kind: 'recv'; readonly channel: Channel }
  | { readonly kind: 'meet'; readonly meeting: Meeting }
  /** A collective of members that one walk stands for. */
  | { readonly kind: 'alone'; readonly meeting: Meeting }

/** What a message is of: the output or the input gradient of the sender's stage; parameters or gradients of a server. */
function channelOf(op: SendOp | RecvOp): string {
  const { kind, stage, direction, traffic } = op
  if (stage === undefined) return traffic
  const next = direction === 'F' ? stage - 1 : stage + 1
  return `${direction}${kind === 'send' ? stage : next}`
}

/** When the last member comes to a collective in which all meet. */
export function lastOf(meeting: Meeting): number {
  const last = meeting.memberEnd === null ? 0 : Math.max(...meeting.memberEnd)
  meeting.memberEnd = null
  return last
}

/** Where walks meet. `walkOf`: the number of the walk that stands for a rank. */
export class Links {
  private readonly channels = new Map<string, Channel>()
  private readonly meetings = new Map<string, Meeting>()
  /** By root: when its link has taken in what was sent to it. */
  private readonly linkFree = new Map<number, number>()
  /** Walks that can go on. */
  readonly ready: Walker[] = []

  constructor(
    private readonly walkOf: (rank: number) => number,
    private readonly walks: () => readonly Walker[],
  ) {}

  /** What an op of a rank exchanges; null for what it does alone. */
  exchangeOf(op: Op, rank: number): Exchange | null {
    if (op.kind === 'send') return { kind: 'send', channel: this.channel(rank, op.peer, channelOf(op)) }
    if (op.kind === 'recv') return { kind: 'recv', channel: this.channel(op.peer, rank, channelOf(op)) }
    if (!('group' in op)) return null
    const meeting = this.meeting(op)
    return meeting.participants === 1 && eagerRoot(op) === null ? { kind: 'alone', meeting } : { kind: 'meet', meeting }
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
      this.meetings.set(stream, (meeting = { participants, here: new Map(), memberEnd: null }))
    }
    return meeting
  }

  sent(channel: Channel, message: Channel['sent'][number]): void {
    channel.sent.push(message)
    if (channel.waiting !== null) this.arrive(channel, channel.waiting)
  }

  awaits(channel: Channel, pending: Pending): void {
    if (channel.sent.length > channel.received) this.arrive(channel, pending)
    else channel.waiting = pending
  }

  private arrive(channel: Channel, pending: Pending): void {
    const { walk, index, start, end } = channel.sent[channel.received++]!
    channel.waiting = null
    const { ready } = pending
    this.settle(pending, Math.max(ready, start), Math.max(ready, end), { walk, index })
  }

  meets(meeting: Meeting, pending: Pending, seconds: number): void {
    meeting.here.set(pending.walk, { pending, seconds })
    if (meeting.here.size < meeting.participants) return
    const here = [...meeting.here.values()]
    meeting.here.clear()
    const { op } = pending
    const root = eagerRoot(op)
    if (root !== null && 'group' in op) {
      this.throughRoot(meeting, op, root, here)
      return
    }
    let last = here[0]!
    let longest = 0
    for (const each of here) {
      if (each.pending.ready > last.pending.ready) last = each
      longest = Math.max(longest, each.seconds)
    }
    const from = Math.max(last.pending.ready, lastOf(meeting))
    const binding = last.pending.walk.bindingOf(last.pending.index)
    // Everybody waits for what the last to come waited for.
    const after = binding >= 0 ? { walk: last.pending.walk, index: binding } : null
    for (const { pending: each } of here) this.settle(each, from, from + longest, each === last.pending ? null : after)
  }

  /**
   * Messages to a root or from it. A walk may stand for several members that take turns to be the root: each has its own time
   * on the stream, and the walk that of the member it walks as.
   */
  private throughRoot(
    meeting: Meeting,
    op: CollectiveOp,
    root: number,
    here: readonly { readonly pending: Pending; readonly seconds: number }[],
  ): void {
    const { group } = op
    const walks = this.walks()
    const byWalk = new Map(here.map((each) => [each.pending.walk, each]))
    const memberOf = group.map((rank) => byWalk.get(walks[this.walkOf(rank)]!)!)
    const { memberEnd } = meeting
    const isAlone = here.length === group.length
    const sends = op.kind === 'broadcast' || op.kind === 'scatter' || op.kind === 'pull'
    const members = memberOf.map(({ pending, seconds }, i) => {
      if (isAlone) return { ready: pending.ready, seconds }
      const ready = memberEnd === null ? pending.ready : Math.max(pending.placesReady, memberEnd[i]!)
      // What another member sends is made by compute that the walk has only for its own part.
      return { ready: sends && i === root ? Math.max(ready, pending.computed) : ready, seconds }
    })
    const rootRank = group[root]!
    const spans = eagerSpans(op, members, root, this.linkFree.get(rootRank) ?? 0)
    this.linkFree.set(rootRank, Math.max(this.linkFree.get(rootRank) ?? 0, spans[root]!.end))
    meeting.memberEnd = isAlone ? null : Float64Array.from(spans, ({ end }) => end)
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
