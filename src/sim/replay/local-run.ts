import { WRITE, type StretchCode } from './code.ts'
import type { Links } from './links.ts'
import type { MemoryProfile } from './memory.ts'
import type { Op } from '../../schedule/program.ts'

/** How long the ops of a stretch take on one rank, and what they exchange. */
export interface StretchTimes {
  /** With this rank's stages, groups and peers. */
  readonly ops: readonly Op[]
  readonly seconds: Float64Array
  readonly host: Float64Array
  readonly stopsHost: Uint8Array
  /** By op: what it exchanges with whom; null for one that needs no other rank. */
  readonly exchange: readonly ReturnType<Links['exchangeOf']>[]
}

/** Ops [from, to) of a stretch that need no other rank and follow a compute op. */
export interface LocalRun {
  readonly from: number
  readonly to: number
  /** Null until computed, and where the run has none. */
  profile: RunProfile | null
  /** How often the profile may still be recomputed when buffers are allocated or freed at other ops than before. */
  attempts: number
}

/** Shorter runs are not worth a profile. */
const MIN_RUN_OPS = 6

export function localRuns({ stream }: StretchCode, { exchange }: StretchTimes, computeStream: number): LocalRun[] {
  const runs: LocalRun[] = []
  let from = -1
  for (let i = 0; i <= exchange.length; i++) {
    const needsOthers = i === exchange.length || exchange[i]?.kind === 'recv' || exchange[i]?.kind === 'meet'
    if (needsOthers) {
      if (from >= 0 && i - from >= MIN_RUN_OPS) runs.push({ from, to: i, profile: null, attempts: 4 })
      from = -1
    } else if (from < 0 && stream[i] === computeStream) from = i + 1
  }
  return runs
}

/** Instead of an index in the run: the compute op right before it. */
export const BEFORE = -1

/**
 * A run of ops clocked once, in seconds from the end of the compute before it. It holds for every repetition that
 * nothing else delays: a *deadline* is the latest time at which earlier work may end without delaying the run.
 */
export interface RunProfile {
  readonly memory: MemoryProfile
  readonly start: Float64Array
  readonly end: Float64Array
  /** By op: the op of the run it starts after, or BEFORE. */
  readonly after: Int32Array
  readonly lastEnd: number
  readonly lastIndex: number
  /** Seconds of compute, and the intervals in which any op runs: from, to, from, to … */
  readonly computeSeconds: number
  readonly busy: Float64Array
  /** Only the compute stream computes. */
  readonly computesInOrder: boolean
  /** Streams of the run: the deadline for earlier ops on each, and when its last op ends and which that is. */
  readonly streams: Int32Array
  readonly streamDeadline: Float64Array
  readonly streamEnd: Float64Array
  readonly streamLast: Int32Array
  /** Shared slots that exist before the run, with the deadlines for their earlier writers and readers. */
  readonly liveIn: Int32Array
  readonly writeDeadline: Float64Array
  readonly readDeadline: Float64Array
  /** Shared slots that outlive the run, with their times: −∞ and BEFORE where the run does not write or read them. */
  readonly liveOut: Int32Array
  readonly writeEnd: Float64Array
  readonly writer: Int32Array
  readonly readEnd: Float64Array
  readonly reader: Int32Array
  /**
   * Deadline for the host's earlier launches; launch seconds of the run; until when the host waits (−∞: it does not).
   */
  readonly hostDeadline: number
  readonly launchSeconds: number
  readonly hostEnd: number
  readonly hostLast: number
  readonly sends: readonly number[]
  readonly collectives: readonly number[]
}

/** Intervals merged where they touch: from, to, from, to …, ascending. */
function unionOf(start: Float64Array, end: Float64Array): Float64Array {
  const order = Array.from(start, (_, k) => k).sort((a, b) => start[a]! - start[b]!)
  const merged: number[] = []
  for (const k of order) {
    if (!(end[k]! > start[k]!)) continue
    if (merged.length > 0 && start[k]! <= merged.at(-1)!) merged[merged.length - 1] = Math.max(merged.at(-1)!, end[k]!)
    else merged.push(start[k]!, end[k]!)
  }
  return Float64Array.from(merged)
}

/**
 * The profile of ops [from, to); null where one does not depend on the compute before, so that its start is not fixed.
 */
export function profileRun(
  code: StretchCode,
  times: StretchTimes,
  { from, to }: Pick<LocalRun, 'from' | 'to'>,
  computeStream: number,
  memory: MemoryProfile,
): RunProfile | null {
  const { stream, accesses, accessed, mode, symbol, first, last, lastSlot } = code
  const { seconds, host, stopsHost, exchange } = times
  const start = new Float64Array(to - from)
  const end = new Float64Array(to - from)
  const after = new Int32Array(to - from)
  const streams = new Map([[computeStream, { from: 0, end: 0, last: BEFORE }]])
  const slots = symbol.length
  const touched: number[] = []
  const isTouched = new Uint8Array(slots)
  const writeDeadline = new Float64Array(slots).fill(Infinity)
  const readDeadline = new Float64Array(slots).fill(Infinity)
  const writeEnd = new Float64Array(slots).fill(-Infinity)
  const writer = new Int32Array(slots).fill(BEFORE)
  const readEnd = new Float64Array(slots).fill(-Infinity)
  const reader = new Int32Array(slots).fill(BEFORE)
  // What the compute before the run wrote and read is free at time 0.
  for (let k = accesses[from - 1]!; k < accesses[from]!; k++) {
    if ((mode[k]! & WRITE) !== 0) writeEnd[accessed[k]!] = 0
    else readEnd[accessed[k]!] = 0
  }
  let hostDeadline = Infinity
  let launchSeconds = 0
  let hostEnd = -Infinity
  let hostLast = BEFORE
  let lastEnd = 0
  const sends: number[] = []
  const collectives: number[] = []
  for (let i = from; i < to; i++) {
    let ready = -Infinity
    let binding = BEFORE
    for (let k = accesses[i]!; k < accesses[i + 1]!; k++) {
      const slot = accessed[k]!
      if (writeEnd[slot]! > ready) {
        ready = writeEnd[slot]!
        binding = writer[slot]!
      }
      if ((mode[k]! & WRITE) !== 0 && readEnd[slot]! > ready) {
        ready = readEnd[slot]!
        binding = reader[slot]!
      }
    }
    const streamState = streams.get(stream[i]!)
    if (streamState && streamState.end >= ready) {
      ready = streamState.end
      binding = streamState.last
    }
    const link = exchange[i]!
    const launch = host[i]!
    const ownLaunch = link === null ? 0 : launch
    if (hostEnd + ownLaunch > ready) {
      ready = hostEnd + ownLaunch
      binding = hostLast
    }
    if (ready === -Infinity) return null
    hostDeadline = Math.min(hostDeadline, ready - launchSeconds - ownLaunch)
    launchSeconds += launch
    hostEnd += launch
    let finished = ready + seconds[i]!
    if (link === null && launch > 0) {
      finished = Math.max(finished, hostEnd)
      hostDeadline = Math.min(hostDeadline, finished - launchSeconds)
    }
    if (link !== null && stopsHost[i] === 1) {
      hostDeadline = Math.min(hostDeadline, finished - launchSeconds)
      if (finished > hostEnd) {
        hostEnd = finished
        hostLast = i - from
      }
    }
    if (link?.kind === 'send') sends.push(i)
    if (link?.kind === 'local') collectives.push(i)
    start[i - from] = ready
    end[i - from] = finished
    after[i - from] = binding
    lastEnd = Math.max(lastEnd, finished)
    streams.set(stream[i]!, { from: streamState?.from ?? ready, end: finished, last: i - from })
    for (let k = accesses[i]!; k < accesses[i + 1]!; k++) {
      const slot = accessed[k]!
      if (isTouched[slot] === 0) {
        isTouched[slot] = 1
        touched.push(slot)
        writeDeadline[slot] = ready
      }
      if ((mode[k]! & WRITE) !== 0) {
        if (writer[slot] === BEFORE) readDeadline[slot] = Math.min(readDeadline[slot]!, ready)
        writeEnd[slot] = finished
        writer[slot] = i - from
        readEnd[slot] = -Infinity
        reader[slot] = BEFORE
      } else if (finished > readEnd[slot]!) {
        readEnd[slot] = finished
        reader[slot] = i - from
      }
    }
  }
  const computes = Array.from({ length: to - from }, (_, k) => k).filter((k) => code.exchanges[from + k] === 0)
  const allocated = new Set<number>()
  for (let k = first[from]!; k < first[to]!; k++) if (memory.allocates[k - first[from]!] === 1) allocated.add(k)
  const freed = new Set<number>()
  for (let k = last[from]!; k < last[to]!; k++) if (memory.frees[k - last[from]!] === 1) freed.add(lastSlot[k]!)
  const liveIn = Int32Array.from(touched.filter((slot) => !allocated.has(slot)))
  const liveOut = Int32Array.from(touched.filter((slot) => !freed.has(slot)))
  const floats = (of: Float64Array, which: Int32Array) => Float64Array.from(which, (slot) => of[slot]!)
  const integers = (of: Int32Array, which: Int32Array) => Int32Array.from(which, (slot) => of[slot]!)
  const used = [...streams]
  return {
    memory,
    start,
    end,
    after,
    lastEnd,
    lastIndex: end.indexOf(lastEnd),
    computeSeconds: computes.reduce((sum, k) => sum + end[k]! - start[k]!, 0),
    busy: unionOf(start, end),
    computesInOrder: computes.every((k) => stream[from + k] === computeStream),
    streams: Int32Array.from(used, ([s]) => s),
    streamDeadline: Float64Array.from(used, ([s, each]) => (s === computeStream ? Infinity : each.from)),
    streamEnd: Float64Array.from(used, ([, each]) => each.end),
    streamLast: Int32Array.from(used, ([, each]) => each.last),
    liveIn,
    writeDeadline: floats(writeDeadline, liveIn),
    readDeadline: floats(readDeadline, liveIn),
    liveOut,
    writeEnd: floats(writeEnd, liveOut),
    writer: integers(writer, liveOut),
    readEnd: floats(readEnd, liveOut),
    reader: integers(reader, liveOut),
    hostDeadline,
    launchSeconds,
    hostEnd,
    hostLast,
    sends,
    collectives,
  }
}
