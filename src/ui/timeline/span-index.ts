import type { TimelineSpan } from '../../state/session.ts'
import type { SpanKind } from '../../schedule/span-kinds.ts'

/** The band of a row that a span is drawn in: compute fills the row, communication is a thin band below it. */
export type Lane = 'compute' | 'communication'

function laneOf(kind: SpanKind): Lane {
  return kind === 'communication' ? 'communication' : 'compute'
}

interface LaneIndex {
  readonly spans: readonly TimelineSpan[]
  readonly starts: Float64Array
  /** Largest end among spans 0 … i: non-decreasing even where spans overlap, so that it can be searched. */
  readonly reach: Float64Array
}

/** Spans sorted by row, lane and start, so that drawing and hit testing touch only what is in view. */
export interface SpanIndex {
  readonly rows: number
  readonly count: number
  readonly start: number
  readonly end: number
  readonly hasCommunication: boolean
  readonly lanes: Readonly<Record<Lane, readonly LaneIndex[]>>
}

function indexLane(spans: TimelineSpan[]): LaneIndex {
  spans.sort((a, b) => a.start - b.start)
  const starts = Float64Array.from(spans, (span) => span.start)
  const reach = new Float64Array(spans.length)
  let most = Number.NEGATIVE_INFINITY
  for (const [at, span] of spans.entries()) reach[at] = most = Math.max(most, span.end)
  return { spans, starts, reach }
}

export function buildIndex(spans: readonly TimelineSpan[], rows: number): SpanIndex {
  const compute: TimelineSpan[][] = Array.from({ length: rows }, () => [])
  const communication: TimelineSpan[][] = Array.from({ length: rows }, () => [])
  let start = Number.POSITIVE_INFINITY
  let end = Number.NEGATIVE_INFINITY
  let count = 0
  for (const span of spans) {
    const row = (laneOf(span.kind) === 'compute' ? compute : communication)[span.row]
    if (row === undefined) continue
    row.push(span)
    count++
    start = Math.min(start, span.start)
    end = Math.max(end, span.end)
  }
  return {
    rows,
    count,
    start: count === 0 ? 0 : start,
    end: count === 0 ? 1 : end,
    hasCommunication: communication.some((row) => row.length > 0),
    lanes: { compute: compute.map(indexLane), communication: communication.map(indexLane) },
  }
}

/** First position in a non-decreasing array whose value is > `limit`. */
function firstAbove(values: Float64Array, limit: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle]! > limit) high = middle
    else low = middle + 1
  }
  return low
}

/** Positions [from, to) of a lane's spans that may touch the open interval (t0, t1). */
export function visibleRange(index: SpanIndex, lane: Lane, row: number, t0: number, t1: number): [number, number] {
  const entry = index.lanes[lane][row]
  if (entry === undefined) return [0, 0]
  const from = firstAbove(entry.reach, t0)
  let to = firstAbove(entry.starts, t1)
  while (to > from && entry.starts[to - 1]! >= t1) to--
  return [from, Math.max(from, to)]
}

/** The span of a lane at time t, the latest started first; null between spans. */
export function spanAt(index: SpanIndex, lane: Lane, row: number, t: number): TimelineSpan | null {
  const entry = index.lanes[lane][row]
  if (entry === undefined) return null
  for (let at = firstAbove(entry.starts, t) - 1; at >= 0 && entry.reach[at]! > t; at--) {
    const span = entry.spans[at]
    if (span !== undefined && span.end > t) return span
  }
  return null
}

/** The compute span at time t of the first row that has one. */
export function firstSpanAt(index: SpanIndex, t: number): TimelineSpan | null {
  for (let row = 0; row < index.rows; row++) {
    const span = spanAt(index, 'compute', row, t)
    if (span !== null) return span
  }
  return null
}
