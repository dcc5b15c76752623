import { CATEGORIES, zeroByCategory, zeroByTraffic, type BytesByTraffic } from '../../core/bytes.ts'
import { isCollective, isCompute, isMessage } from '../../schedule/op-kinds.ts'
import type { Op } from '../../schedule/program.ts'
import { TraceWriter, argsOf, noteOf, type Trace } from '../../schedule/trace.ts'
import { exchangedBytes } from '../traffic.ts'
import type { MemoryCurve } from '../memory-curve.ts'
import type { Walker } from './pending.ts'
import { COMPUTE } from '../../strategy/segment-writer.ts'
import { sequenceOf } from './code.ts'
import type { Replay } from './replay.ts'
import { CURVE_WIDTH, type Walk } from './walk.ts'

/** Bytes a rank sends and receives in a step, by traffic kind and by group or peer. */
export interface WalkTraffic {
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly traffic: BytesByTraffic
  /** Bytes sent to each group of ranks, which includes the sender. */
  readonly byGroup: ReadonlyMap<string, { readonly group: readonly number[]; readonly bytes: number }>
}

export function trafficOf(walk: Walk): WalkTraffic {
  const traffic = zeroByTraffic()
  const byGroup = new Map<string, { group: readonly number[]; bytes: number }>()
  let [sentBytes, receivedBytes] = [0, 0]
  const counts = new Map<readonly Op[], number>()
  for (const { stretch } of sequenceOf(walk.code)) counts.set(stretch.ops, (counts.get(stretch.ops) ?? 0) + 1)
  for (const [ops, times] of counts)
    for (const each of ops) {
      if (!isCollective(each) && !isMessage(each)) continue
      const op = walk.relocated(each)
      const { sent, received } = exchangedBytes(op, walk.rank)
      sentBytes += sent * times
      receivedBytes += received * times
      traffic[op.traffic] += sent * times
      const group = isCollective(op) ? op.group : [walk.rank, op.peer]
      const key = isCollective(op) ? op.stream : `${op.kind} ${op.peer}`
      const entry = byGroup.get(key) ?? { group, bytes: 0 }
      byGroup.set(key, entry)
      entry.bytes += sent * times
    }
  return { sentBytes, receivedBytes, traffic, byGroup }
}

/** Intervals of successive ops: from, to, from, to …, and by interval 1 where it is compute. */
interface Track {
  readonly bounds: number[]
  readonly computes: number[]
}

/**
 * A walk's op intervals by stream; unless `expanded`, repeated runs are merged on a track of their own. Null where
 * another stream computes during a run: its compute seconds could then overlap and count twice.
 */
function tracksOf(walk: Walk, expanded: boolean): { tracks: Track[]; computeSeconds: number } | null {
  const { code } = walk
  const repeated = expanded ? [] : walk.repeatedRuns
  const tracks = Array.from({ length: code.streams.length + 1 }, (): Track => ({ bounds: [], computes: [] }))
  const runs = tracks.at(-1)!
  let computeSeconds = 0
  let runsUntil = 0
  for (const { base, profile } of repeated) {
    if (!profile.computesInOrder) return null
    computeSeconds += profile.computeSeconds
    for (const bound of profile.busy) runs.bounds.push(base + bound)
    for (let k = 0; k < profile.busy.length; k += 2) runs.computes.push(0)
    runsUntil = base + profile.lastEnd
  }
  const runsFrom = repeated[0]?.base ?? Infinity
  const computeStream = code.streams.indexOf(COMPUTE)
  let index = 0
  let next = 0
  for (const { stretch } of sequenceOf(code))
    for (let i = 0; i < stretch.ops.length; i++) {
      while (next < repeated.length && repeated[next]!.index + repeated[next]!.length <= index) next++
      const run = repeated[next]
      if (run !== undefined && run.index <= index) {
        const skipped = Math.min(run.index + run.length - index, stretch.ops.length - i)
        index += skipped
        i += skipped - 1
        continue
      }
      const [from, to] = [walk.startOf(index), walk.endOf(index)]
      index++
      if (!(to > from)) continue
      const stream = stretch.stream[i]!
      const computes = stretch.exchanges[i] === 0
      if (computes && stream !== computeStream && from < runsUntil && to > runsFrom) return null
      const track = tracks[stream]!
      track.bounds.push(from, to)
      track.computes.push(computes ? 1 : 0)
    }
  return { tracks, computeSeconds }
}

/** Seconds a rank computes, exchanges without computing, and is idle; they add up to the step. */
export function sharesOf(walk: Walk, stepSeconds: number): { compute: number; communication: number; idle: number } {
  const { tracks, computeSeconds } = tracksOf(walk, false) ?? tracksOf(walk, true)!
  // Ops of one stream do not overlap: merging the tracks by start counts each moment once.
  const cursor = new Int32Array(tracks.length)
  let [computing, busy] = [computeSeconds, 0]
  let [computeUntil, busyUntil] = [0, 0]
  for (;;) {
    let [next, from] = [-1, Infinity]
    for (let t = 0; t < cursor.length; t++) {
      const { bounds } = tracks[t]!
      if (2 * cursor[t]! < bounds.length && bounds[2 * cursor[t]!]! < from) [next, from] = [t, bounds[2 * cursor[t]!]!]
    }
    if (next < 0) break
    const { bounds, computes } = tracks[next]!
    const k = cursor[next]!++
    const to = bounds[2 * k + 1]!
    if (to > busyUntil) {
      busy += to - Math.max(from, busyUntil)
      busyUntil = to
    }
    if (computes[k] === 1 && to > computeUntil) {
      computing += to - Math.max(from, computeUntil)
      computeUntil = to
    }
  }
  return { compute: computing, communication: busy - computing, idle: Math.max(0, stepSeconds - busy) }
}

/** Seconds of the critical path by kind of op ("forward mlp", "allReduce gradients", "send"), longest first. */
export interface PathShare {
  readonly what: string
  readonly seconds: number
}

function nameOf(op: Op): string {
  if (isCompute(op)) return `${op.kind} ${op.segment.kind}`
  if (isCollective(op)) return `${op.kind} ${op.traffic}`
  return op.kind === 'recv' ? 'send' : op.kind
}

/** The critical path, walked back from the last op: each op counts from the end of the one before it. */
export function criticalShares({ walks }: Replay): PathShare[] {
  const walkOf = new Map<Walker, Walk>(walks.map((walk) => [walk, walk]))
  const slowest = walks.reduce<Walk | null>(
    (last, walk) => (last !== null && last.lastEnd >= walk.lastEnd ? last : walk),
    null,
  )
  let current: { walk: Walk; index: number } | null =
    slowest === null || slowest.lastIndex < 0 ? null : { walk: slowest, index: slowest.lastIndex }
  const shares = new Map<string, number>()
  const names = new Map<Op, string>()
  const named = (op: Op): string => {
    let name = names.get(op)
    if (name === undefined) names.set(op, (name = nameOf(op)))
    return name
  }
  while (current !== null) {
    const { walk, index }: { walk: Walk; index: number } = current
    const local: number = walk.bindingOf(index)
    const remote = walk.remoteBinding.get(index)
    const before: { walk: Walk; index: number } | null = remote
      ? { walk: walkOf.get(remote.walk)!, index: remote.index }
      : local >= 0
        ? { walk, index: local }
        : null
    const since = before === null ? 0 : before.walk.endOf(before.index)
    const name = named(walk.opAt(current.index))
    shares.set(name, (shares.get(name) ?? 0) + Math.max(0, walk.endOf(index) - since))
    current = before
  }
  return [...shares]
    .filter(([, seconds]) => seconds > 0)
    .map(([what, seconds]) => ({ what, seconds }))
    .sort((a, b) => b.seconds - a.seconds)
}

/** Bytes over the step, of a walk replayed with `curve`. */
export function curveOf(walk: Walk, stepSeconds: number, coordinates: MemoryCurve['coordinates']): MemoryCurve {
  return { rank: walk.rank, coordinates, stepSeconds, ...bytesOver(walk) }
}

function bytesOver(walk: Walk): Pick<MemoryCurve, 'seconds' | 'bytes'> {
  const seconds: number[] = []
  const bytes: MemoryCurve['bytes'][number][] = []
  const kept = walk.curve ?? new Float64Array(0)
  let time = 0
  for (let i = 0; i * CURVE_WIDTH < kept.length; i++) {
    time = Math.max(time, walk.startOf(i))
    const at = (c: number) => kept[i * CURVE_WIDTH + c]!
    seconds.push(time)
    const live = zeroByCategory()
    CATEGORIES.forEach((category, c) => (live[category] = at(c)))
    bytes.push({ ...live, cached: at(CURVE_WIDTH - 1) })
  }
  return { seconds, bytes }
}

/**
 * One process per walked rank, one thread per stream, one event per op, and a counter of bytes where the replay kept
 * them. `ranksOf`: how many ranks a walk represents.
 */
export function traceOf({ walks }: Replay, ranksOf: (walk: Walk) => number): Trace {
  const writer = new TraceWriter()
  for (const walk of walks) {
    const { rank } = walk
    const others = ranksOf(walk) - 1
    writer.nameRank(rank, others === 0 ? `rank ${rank}` : `rank ${rank} and ${others} like it`)
    for (const { op, index, microbatch } of walk.ops()) {
      // Ops between actions keep their own micro-batch: they may belong to a later one.
      const note = noteOf(op.action === undefined || op.microbatch === undefined ? op : { ...op, microbatch })
      writer.span({
        rank,
        stream: op.stream,
        start: walk.startOf(index),
        end: walk.endOf(index),
        name: note.detail,
        category: note.kind,
        args: argsOf(note),
      })
    }
    const { seconds, bytes } = bytesOver(walk)
    for (const [i, at] of bytes.entries()) writer.counter(rank, seconds[i]!, 'bytes', { ...at })
  }
  return writer.trace()
}
