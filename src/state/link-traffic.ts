import type { TrafficKind } from '../core/bytes.ts'
import type { RankView } from './run-state.ts'
import type { Plan, PlannedRank } from './session.ts'

/** What travels between a rank and the next one now. */
export interface LinkTraffic {
  readonly traffic: TrafficKind
  /** Towards higher ranks, lower ones, or both. */
  readonly flow: 'forth' | 'back' | 'both'
  /** Ops that send it: "ALL_REDUCE:bucket 0@0+1". */
  readonly ops: readonly string[]
}

interface Message {
  readonly from: number
  readonly to: number
  readonly traffic: TrafficKind
  /** A collective goes both ways around. */
  readonly both: boolean
  readonly op: string
}

/** What ranks have exchanged since they were last looked at: measured. */
function measuredMessages(plan: Plan, ranks: readonly RankView[]): Message[] {
  return ranks.flatMap(({ exchanges }, rank) => exchanges.flatMap((op) => messagesOf(plan, rank, op)))
}

function messagesOf(plan: Plan, rank: number, op: number): Message[] {
  const note = plan.describe(rank, op)
  if (!note || note.traffic === null) return []
  const { traffic, peers, detail } = note
  if (peers.includes(rank))
    return [{ from: Math.min(...peers), to: Math.max(...peers), traffic, both: true, op: detail }]
  return peers.map((peer) => ({
    ...(note.direction === 'in' ? { from: peer, to: rank } : { from: rank, to: peer }),
    traffic,
    both: false,
    op: detail,
  }))
}

/** What the schedule hands on at a tick: results of passes that have just ended, to the rank of the next stage. */
function idealMessages({ ideal, ranks }: Plan, tick: number): Message[] {
  const sameReplica = (a: PlannedRank, b: PlannedRank) =>
    a.coordinates.data === b.coordinates.data && a.coordinates.tensor === b.coordinates.tensor
  return ideal.spans.flatMap((span): Message[] => {
    const forth = span.kind === 'forward'
    const isSource = forth || span.kind === 'backward' || span.kind === 'backwardInput'
    if (!isSource || span.stage === null || Math.abs(span.end - tick) > 1e-6) return []
    const next = span.stage + (forth ? 1 : -1)
    const target = ideal.spans.find(
      (each) =>
        each.stage === next &&
        each.microbatch === span.microbatch &&
        each.kind === span.kind &&
        sameReplica(ranks[each.row]!, ranks[span.row]!),
    )
    if (!target || target.row === span.row) return []
    return [{ from: span.row, to: target.row, traffic: 'activations', both: false, op: span.label }]
  })
}

/** For each link between neighbouring ranks what it carries, null where nothing; `tick` asks the schedule instead of the run. */
export function linkTraffic(plan: Plan, ranks: readonly RankView[], tick: number | null): (LinkTraffic | null)[] {
  const messages = tick === null ? measuredMessages(plan, ranks) : idealMessages(plan, tick)
  return Array.from({ length: Math.max(0, plan.world - 1) }, (_, link) => {
    const over = messages.filter(({ from, to }) => Math.min(from, to) <= link && link < Math.max(from, to))
    // Numbers for the norm or the loss travel along with everything: they show only where nothing else does.
    const first = over.find(({ traffic }) => traffic !== 'scalars') ?? over[0]
    if (!first) return null
    const forth = over.some(({ from, to, both }) => both || from < to)
    const back = over.some(({ from, to, both }) => both || from > to)
    return {
      traffic: first.traffic,
      flow: forth && back ? 'both' : forth ? 'forth' : 'back',
      ops: [...new Set(over.map(({ op }) => op))],
    }
  })
}
