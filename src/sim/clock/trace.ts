import { CATEGORIES } from '../../core/bytes.ts'
import { opText } from '../../schedule/text.ts'
import type { ClockedProgram, ClockedRank } from '../clock.ts'

/** An event of the trace format that chrome://tracing and Perfetto read; times in microseconds. */
export type TraceEvent =
  | {
      readonly ph: 'X'
      readonly pid: number
      readonly tid: number
      readonly ts: number
      readonly dur: number
      readonly name: string
      readonly cat: string
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
}

const MICRO = 1e6

/** Memory by category over the step: a point where an op takes its buffers, by the op's start, never going back in time. */
export function memoryOverTime({ step, plan, start }: ClockedRank): {
  seconds: number
  live: Readonly<Record<(typeof CATEGORIES)[number], number>>
  cached: number
}[] {
  const position = new Map(step.map((op, i) => [op.id, i]))
  let seconds = 0
  return plan.curve.flatMap(({ op, live, cached }) => {
    const at = position.get(op)
    if (at === undefined) return []
    seconds = Math.max(seconds, start[at]!)
    return [{ seconds, live, cached }]
  })
}

/** One process per rank, one thread per stream, one event per op, and a counter of bytes where plans have their curve. */
export function traceOf({ ranks }: ClockedProgram): Trace {
  const traceEvents: TraceEvent[] = []
  for (const clocked of ranks) {
    const { rank: pid, step, start, end } = clocked
    const threads = new Map<string, number>()
    traceEvents.push({ ph: 'M', pid, tid: 0, name: 'process_name', args: { name: `rank ${pid}` } })
    step.forEach((op, i) => {
      let tid = threads.get(op.stream)
      if (tid === undefined) {
        threads.set(op.stream, (tid = threads.size))
        traceEvents.push({ ph: 'M', pid, tid, name: 'thread_name', args: { name: op.stream } })
      }
      const [ts, dur] = [start[i]! * MICRO, (end[i]! - start[i]!) * MICRO]
      traceEvents.push({ ph: 'X', pid, tid, ts, dur, name: opText(op), cat: op.kind })
    })
    for (const { seconds, live, cached } of memoryOverTime(clocked))
      traceEvents.push({ ph: 'C', pid, tid: 0, ts: seconds * MICRO, name: 'bytes', args: { ...live, cached } })
  }
  return { traceEvents, displayTimeUnit: 'ms' }
}
