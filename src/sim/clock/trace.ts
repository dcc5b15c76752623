import type { CATEGORIES } from '../../core/bytes.ts'
import { TraceWriter, argsOf, noteOf } from '../../schedule/trace.ts'
import type { Trace } from '../../schedule/trace.ts'
import type { ClockedProgram, ClockedRank } from '../clock.ts'

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
  const writer = new TraceWriter()
  for (const clocked of ranks) {
    const { rank, step, start, end } = clocked
    writer.nameRank(rank, `rank ${rank}`)
    step.forEach((op, i) => {
      const note = noteOf(op)
      writer.span({
        rank,
        stream: op.stream,
        start: start[i]!,
        end: end[i]!,
        name: note.detail,
        category: note.kind,
        args: argsOf(note),
      })
    })
    for (const { seconds, live, cached } of memoryOverTime(clocked))
      writer.counter(rank, seconds, 'bytes', { ...live, cached })
  }
  return writer.trace()
}
