import { broughtBy } from './op-buffers.ts'
import type { Op } from './program.ts'
import { opText } from './text.ts'

/** Details of a span; absent where they do not apply. */
export interface SpanArgs {
  readonly step?: number
  readonly microbatch?: number
  readonly stage?: number
  readonly bytes?: number
}

/** An event of the trace format of chrome://tracing and Perfetto; times in microseconds. */
export type TraceEvent =
  | {
      readonly ph: 'X'
      readonly pid: number
      readonly tid: number
      readonly ts: number
      readonly dur: number
      readonly name: string
      readonly cat: string
      readonly args?: SpanArgs
    }
  | {
      readonly ph: 'M'
      readonly pid: number
      readonly tid: number
      readonly name: 'process_name' | 'thread_name'
      readonly args: { readonly name: string }
    }
  | {
      readonly ph: 'C'
      readonly pid: number
      readonly tid: 0
      readonly ts: number
      readonly name: string
      readonly args: Readonly<Record<string, number>>
    }

export interface Trace {
  readonly traceEvents: readonly TraceEvent[]
  readonly displayTimeUnit: 'ms'
  readonly otherData?: Readonly<Record<string, string>>
}

/** A bar of a trace. Times in seconds. */
export interface TraceSpan {
  readonly rank: number
  /** Bars of one rank and stream share a row. */
  readonly stream: string
  readonly start: number
  readonly end: number
  readonly name: string
  readonly category: string
  readonly args?: SpanArgs
}

const MICRO = 1e6

/** Collects a trace: a process per rank, a thread per stream in order of appearance. */
export class TraceWriter {
  readonly #names: TraceEvent[] = []
  readonly #events: Exclude<TraceEvent, { ph: 'M' }>[] = []
  readonly #threads = new Map<number, Map<string, number>>()

  nameRank(pid: number, name: string): void {
    this.#names.push({ ph: 'M', pid, tid: 0, name: 'process_name', args: { name } })
    this.#threads.set(pid, this.#threads.get(pid) ?? new Map())
  }

  span({ rank: pid, stream, start, end, name, category: cat, args }: TraceSpan): void {
    const [ts, dur] = [start * MICRO, Math.max(0, end - start) * MICRO]
    const tid = this.#thread(pid, stream)
    this.#events.push({
      ph: 'X',
      pid,
      tid,
      ts,
      dur,
      name,
      cat,
      ...(args && Object.keys(args).length > 0 ? { args } : {}),
    })
  }

  /** A value over time, drawn as an area. */
  counter(pid: number, seconds: number, name: string, args: Readonly<Record<string, number>>): void {
    this.#events.push({ ph: 'C', pid, tid: 0, ts: seconds * MICRO, name, args })
  }

  /** The whole trace: names first, then all events by time. */
  trace(otherData?: Readonly<Record<string, string>>): Trace {
    const traceEvents = [...this.#names, ...this.#events.toSorted((a, b) => a.ts - b.ts)]
    return { traceEvents, displayTimeUnit: 'ms', ...(otherData ? { otherData } : {}) }
  }

  #thread(pid: number, stream: string): number {
    const threads = this.#threads.get(pid) ?? new Map<string, number>()
    this.#threads.set(pid, threads)
    const known = threads.get(stream)
    if (known !== undefined) return known
    const tid = threads.size
    threads.set(stream, tid)
    this.#names.push({ ph: 'M', pid, tid, name: 'thread_name', args: { name: stream } })
    return tid
  }
}

/** Bytes an op moves; null for ops that move none. */
export function movedBytes(op: Op): number | null {
  if (!('elementBytes' in op)) return null
  return broughtBy(op).reduce((sum, each) => sum + each.length, 0) * op.elementBytes
}

/** Details of an op, of a Program or of a timeline. */
export interface SpanNote {
  readonly detail: string
  readonly kind: string
  readonly microbatch: number | null
  readonly stage: number | null
  readonly bytes: number | null
}

export function noteOf(op: Op): SpanNote {
  const { kind, microbatch = null, stage = null } = op
  return { detail: opText(op), kind, microbatch, stage, bytes: movedBytes(op) }
}

export function argsOf({ microbatch, stage, bytes }: Omit<SpanNote, 'detail' | 'kind'>, step?: number): SpanArgs {
  return {
    ...(step === undefined ? {} : { step }),
    ...(microbatch === null ? {} : { microbatch }),
    ...(stage === null ? {} : { stage }),
    ...(bytes === null ? {} : { bytes }),
  }
}
