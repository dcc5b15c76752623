import type { TrafficKind } from '../core/bytes.ts'
import type { RankView } from './run-state.ts'
import type { Flow, Plan, PlannedRank } from './session.ts'

/** Current traffic between two ranks. */
export interface PairTraffic {
  readonly low: number
  readonly high: number
  readonly traffic: TrafficKind
  /** Towards the higher rank, the lower one, or both. */
  readonly flow: 'forth' | 'back' | 'both'
  /** Both directions together. */
  readonly bytes: number
  /** Ops that move it: "ALL_REDUCE:bucket 0@0+1". */
  readonly ops: readonly string[]
}

interface Message extends Flow {
  readonly traffic: TrafficKind
  readonly op: string
  /** Reported by the receiver; the sender may report it too. */
  readonly received: boolean
}

/** What ranks have exchanged since the last report: measured. */
function measuredMessages(plan: Plan, ranks: readonly RankView[]): Message[] {
  return ranks.flatMap(({ exchanges }, rank) =>
    exchanges.flatMap((op): Message[] => {
      const note = plan.describe(rank, op)
      if (!note || note.traffic === null) return []
      const { traffic, detail } = note
      return note.flows.map((flow) => ({ ...flow, traffic, op: detail, received: flow.to === rank }))
    }),
  )
}

/** What the schedule passes on at a tick: results of passes that have just ended, to the rank of the next stage. */
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
    const bytes = span.bytes ?? 0
    return [{ from: span.row, to: target.row, bytes, traffic: 'activations', op: span.label, received: false }]
  })
}

/** The traffic between each pair of ranks that exchanges anything; with `tick` from the schedule instead of the run. */
export function pairTraffic(plan: Plan, ranks: readonly RankView[], tick: number | null): PairTraffic[] {
  const byPair = new Map<string, Message[]>()
  for (const message of tick === null ? measuredMessages(plan, ranks) : idealMessages(plan, tick)) {
    const key = `${Math.min(message.from, message.to)} ${Math.max(message.from, message.to)}`
    byPair.set(key, [...(byPair.get(key) ?? []), message])
  }
  return [...byPair].map(([key, all]) => {
    const [low, high] = key.split(' ').map(Number)
    // Norm and loss values accompany everything: they are shown only where nothing else is.
    const traffic = (all.find((each) => each.traffic !== 'scalars') ?? all[0]!).traffic
    const shown = all.filter((each) => each.traffic === traffic)
    const sum = (received: boolean) =>
      shown.reduce((total, each) => total + (each.received === received ? each.bytes : 0), 0)
    const forth = shown.some(({ from, to }) => from < to)
    const back = shown.some(({ from, to }) => from > to)
    return {
      low: low!,
      high: high!,
      traffic,
      flow: forth && back ? 'both' : forth ? 'forth' : 'back',
      bytes: Math.max(sum(false), sum(true)),
      ops: [...new Set(shown.map(({ op }) => op))],
    }
  })
}
