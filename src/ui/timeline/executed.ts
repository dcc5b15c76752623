import type { ExecutedSpan } from '../../schedule/executed-span.ts'
import type { Plan, TimelineSpan } from '../../state/session.ts'

/** Measured spans as cells: descriptions come from the Program, times from the clock. Seconds from the first span. */
export function executedCells(spans: readonly ExecutedSpan[], plan: Plan): TimelineSpan[] {
  const origin = spans.reduce((least, span) => Math.min(least, span.start), Number.POSITIVE_INFINITY)
  return spans.map((span) => {
    const note = plan.describe(span.rank, span.op)
    return {
      row: span.rank,
      start: span.start - origin,
      end: span.end - origin,
      kind: note?.kind ?? 'other',
      label: note?.label ?? `#${span.op}`,
      microbatch: note?.microbatch ?? null,
      stage: note?.stage ?? null,
      bytes: note?.bytes ?? null,
      op: span.op,
    }
  })
}

const LATEST_STEPS = 3

/** Start of the latest steps, in seconds from the first span: the default view of a running run. */
export function latestStart(spans: readonly ExecutedSpan[]): number {
  let origin = Number.POSITIVE_INFINITY
  let last = 0
  for (const { start, step } of spans) {
    origin = Math.min(origin, start)
    last = Math.max(last, step)
  }
  let from = Number.POSITIVE_INFINITY
  for (const { start, step } of spans) if (step > last - LATEST_STEPS) from = Math.min(from, start)
  return from - origin
}

/** Share of rank-time without any op, overlapping streams counted once. */
export function idleShare(cells: readonly TimelineSpan[], rows: number): number {
  if (cells.length === 0 || rows === 0) return 0
  const start = cells.reduce((least, cell) => Math.min(least, cell.start), Number.POSITIVE_INFINITY)
  let end = start
  let busy = 0
  for (let row = 0; row < rows; row++) {
    let until = start
    for (const cell of cells.filter((each) => each.row === row).sort((a, b) => a.start - b.start)) {
      busy += Math.max(0, cell.end - Math.max(until, cell.start))
      until = Math.max(until, cell.end)
    }
    end = Math.max(end, until)
  }
  return end === start ? 0 : 1 - busy / (rows * (end - start))
}
