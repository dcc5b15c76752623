import { WRITE, type StretchCode } from './code.ts'
import type { Links } from './links.ts'
import type { MemoryForm } from './memory.ts'
import type { Op } from '../../schedule/program.ts'

/** How long the ops of a stretch take one rank, and whom they need. */
export interface StretchTimes {
  /** In this rank's numbers. */
  readonly ops: readonly Op[]
  readonly seconds: Float64Array
  readonly host: Float64Array
  readonly stopsHost: Uint8Array
  /** By op: what it exchanges with whom; null for what a rank does alone. */
  readonly exchange: readonly ReturnType<Links['exchangeOf']>[]
}

/** Ops that need no other rank, behind the first of them that computes: [from, to) of a stretch. */
export interface LocalRun {
  readonly from: number
  readonly to: number
  /** Null until it has been walked through, and where it cannot be had. */
  form: RunForm | null
  /** How often its form may still be made anew, when buffers begin or end elsewhere than they did. */
  attempts: number
}

/** Shorter runs are not worth it. */
const SHORTEST = 6

export function localRuns({ stream }: StretchCode, { exchange }: StretchTimes, computeStream: number): LocalRun[] {
  const runs: LocalRun[] = []
  let from = -1
  for (let i = 0; i <= exchange.length; i++) {
    const needsOthers = i === exchange.length || exchange[i]?.kind === 'recv' || exchange[i]?.kind === 'meet'
    if (needsOthers) {
      if (from >= 0 && i - from >= SHORTEST) runs.push({ from, to: i, form: null, attempts: 4 })
      from = -1
    } else if (from < 0 && stream[i] === computeStream) from = i + 1
  }
  return runs
}

/** The op before a run on the compute stream, in place of one of the run. */
export const BEFORE = -1

/**
 * A run of ops clocked once: seconds from the end of the compute before it, for all repetitions in which nothing else holds
 * it up. What else could is checked against the times from which on it would.
 */
export interface RunForm {
  readonly memory: MemoryForm
  readonly start: Float64Array
  readonly end: Float64Array
  /** The op of the run each starts after, or BEFORE. */
  readonly after: Int32Array
  readonly last: number
  readonly lastIndex: number
  /** Seconds in which one of its ops computes, and the intervals in which one of them does anything: from, to, from, to … */
  readonly computeSeconds: number
  readonly busy: Float64Array
  /** Nothing but the compute stream computes. */
  readonly computesInOrder: boolean
  /** Streams of the run: when the first op of each starts, and when and which the last ends. */
  readonly streams: Int32Array
  readonly streamFrom: Float64Array
  readonly streamEnd: Float64Array
  readonly streamLast: Int32Array
  /** Shared slots from before the run: when the first op that waits for their writer starts, and the first for their readers. */
  readonly carried: Int32Array
  readonly writtenUntil: Float64Array
  readonly readUntil: Float64Array
  /** Shared slots that are there after the run, with their times: −∞ and BEFORE where the run does not write or read them. */
  readonly left: Int32Array
  readonly writeEnd: Float64Array
  readonly writer: Int32Array
  readonly readEnd: Float64Array
  readonly reader: Int32Array
  /** The host may have launched what came before by then; what it launches here; until when it waits (−∞: it does not). */
  readonly hostUntil: number
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

/** The form of ops [from, to); null where one of them does not wait for the compute before, so that it could start at any time. */
export function runForm(
  code: StretchCode,
  times: StretchTimes,
  { from, to }: Pick<LocalRun, 'from' | 'to'>,
  computeStream: number,
  memory: MemoryForm,
): RunForm | null {
  const { stream, accesses, accessed, mode, symbol, first, last, lastSlot } = code
  const { seconds, host, stopsHost, exchange } = times
  const start = new Float64Array(to - from)
  const end = new Float64Array(to - from)
  const after = new Int32Array(to - from)
  const streams = new Map([[computeStream, { from: 0, end: 0, last: BEFORE }]])
  const slots = symbol.length
  const touched: number[] = []
  const isTouched = new Uint8Array(slots)
  const writtenUntil = new Float64Array(slots).fill(Infinity)
  const readUntil = new Float64Array(slots).fill(Infinity)
  const writeEnd = new Float64Array(slots).fill(-Infinity)
  const writer = new Int32Array(slots).fill(BEFORE)
  const readEnd = new Float64Array(slots).fill(-Infinity)
  const reader = new Int32Array(slots).fill(BEFORE)
  // What the compute before it made and read is through when that is.
  for (let k = accesses[from - 1]!; k < accesses[from]!; k++) {
    if ((mode[k]! & WRITE) !== 0) writeEnd[accessed[k]!] = 0
    else readEnd[accessed[k]!] = 0
  }
  let hostUntil = Infinity
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
    const own = streams.get(stream[i]!)
    if (own && own.end >= ready) {
      ready = own.end
      binding = own.last
    }
    const link = exchange[i]!
    const launch = host[i]!
    const handed = link === null ? 0 : launch
    if (hostEnd + handed > ready) {
      ready = hostEnd + handed
      binding = hostLast
    }
    if (ready === -Infinity) return null
    hostUntil = Math.min(hostUntil, ready - launchSeconds - handed)
    launchSeconds += launch
    hostEnd += launch
    let finished = ready + seconds[i]!
    if (link === null && launch > 0) {
      finished = Math.max(finished, hostEnd)
      hostUntil = Math.min(hostUntil, finished - launchSeconds)
    }
    if (link !== null && stopsHost[i] === 1) {
      hostUntil = Math.min(hostUntil, finished - launchSeconds)
      if (finished > hostEnd) {
        hostEnd = finished
        hostLast = i - from
      }
    }
    if (link?.kind === 'send') sends.push(i)
    if (link?.kind === 'alone') collectives.push(i)
    start[i - from] = ready
    end[i - from] = finished
    after[i - from] = binding
    lastEnd = Math.max(lastEnd, finished)
    streams.set(stream[i]!, { from: own?.from ?? ready, end: finished, last: i - from })
    for (let k = accesses[i]!; k < accesses[i + 1]!; k++) {
      const slot = accessed[k]!
      if (isTouched[slot] === 0) {
        isTouched[slot] = 1
        touched.push(slot)
        writtenUntil[slot] = ready
      }
      if ((mode[k]! & WRITE) !== 0) {
        if (writer[slot] === BEFORE) readUntil[slot] = Math.min(readUntil[slot]!, ready)
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
  const begins = new Set<number>()
  for (let k = first[from]!; k < first[to]!; k++) if (memory.begins[k - first[from]!] === 1) begins.add(k)
  const ends = new Set<number>()
  for (let k = last[from]!; k < last[to]!; k++) if (memory.ends[k - last[from]!] === 1) ends.add(lastSlot[k]!)
  const carried = Int32Array.from(touched.filter((slot) => !begins.has(slot)))
  const left = Int32Array.from(touched.filter((slot) => !ends.has(slot)))
  const floats = (of: Float64Array, which: Int32Array) => Float64Array.from(which, (slot) => of[slot]!)
  const integers = (of: Int32Array, which: Int32Array) => Int32Array.from(which, (slot) => of[slot]!)
  const used = [...streams]
  return {
    memory,
    start,
    end,
    after,
    last: lastEnd,
    lastIndex: end.indexOf(lastEnd),
    computeSeconds: computes.reduce((sum, k) => sum + end[k]! - start[k]!, 0),
    busy: unionOf(start, end),
    computesInOrder: computes.every((k) => stream[from + k] === computeStream),
    streams: Int32Array.from(used, ([s]) => s),
    streamFrom: Float64Array.from(used, ([s, each]) => (s === computeStream ? Infinity : each.from)),
    streamEnd: Float64Array.from(used, ([, each]) => each.end),
    streamLast: Int32Array.from(used, ([, each]) => each.last),
    carried,
    writtenUntil: floats(writtenUntil, carried),
    readUntil: floats(readUntil, carried),
    left,
    writeEnd: floats(writeEnd, left),
    writer: integers(writer, left),
    readEnd: floats(readEnd, left),
    reader: integers(reader, left),
    hostUntil,
    launchSeconds,
    hostEnd,
    hostLast,
    sends,
    collectives,
  }
}
