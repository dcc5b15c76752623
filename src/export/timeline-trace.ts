import type { ExecutedSpan } from '../schedule/executed-span.ts'
import { TraceWriter, argsOf } from '../schedule/trace.ts'
import type { SpanNote, Trace } from '../schedule/trace.ts'

/** Executed ops: a process per rank, a thread per stream, times relative to the first span. */
export function executedTrace(
  spans: readonly ExecutedSpan[],
  describe: (rank: number, op: number) => SpanNote | null,
): Trace {
  const writer = new TraceWriter()
  const origin = spans.reduce((least, { start }) => Math.min(least, start), Infinity)
  for (const rank of new Set(spans.map((each) => each.rank).toSorted((a, b) => a - b)))
    writer.nameRank(rank, `rank ${rank}`)
  const notes = new Map<string, SpanNote | null>()
  for (const { rank, op, step, stream, start, end } of spans) {
    const key = `${rank} ${op}`
    const known = notes.get(key)
    const note = known === undefined ? describe(rank, op) : known
    notes.set(key, note)
    writer.span({
      rank,
      stream,
      start: start - origin,
      end: end - origin,
      name: note?.detail ?? `op ${op}`,
      category: note?.kind ?? 'other',
      args: note ? argsOf(note, step) : { step },
    })
  }
  return writer.trace({ times: 'measured; ranks share this machine' })
}

/** A cell of the ideal timeline; times in ticks of the unit clock. */
export interface IdealCell {
  readonly row: number
  readonly start: number
  readonly end: number
  readonly kind: string
  readonly label: string
  readonly microbatch: number | null
  readonly stage: number | null
  readonly bytes: number | null
}

/** Trace viewers know seconds only: a tick is drawn as a millisecond. */
const TICK_SECONDS = 1e-3

export function idealTrace(cells: readonly IdealCell[]): Trace {
  const writer = new TraceWriter()
  for (const row of new Set(cells.map((each) => each.row).toSorted((a, b) => a - b)))
    writer.nameRank(row, `rank ${row}`)
  for (const cell of cells)
    writer.span({
      rank: cell.row,
      stream: 'compute',
      start: cell.start * TICK_SECONDS,
      end: cell.end * TICK_SECONDS,
      name: cell.label,
      category: cell.kind,
      args: argsOf(cell),
    })
  return writer.trace({ times: 'predicted, in ticks: one tick is drawn as one millisecond' })
}
