import type { TimelineSpan } from '../../state/session.ts'
import type { Lane, SpanIndex } from './span-index.ts'
import { spanAt } from './span-index.ts'

/** The visible part of the timeline. Times are in the data's own unit (ticks or seconds). */
export interface Viewport {
  readonly t0: number
  readonly t1: number
}

/** Dimensions, in CSS pixels. */
export interface TimelineLayout {
  readonly width: number
  readonly height: number
  readonly gutter: number
  readonly axis: number
  readonly rows: number
  readonly rowHeight: number
  readonly rowGap: number
  /** Height of the communication band inside a row; 0 when nothing communicates. */
  readonly band: number
  readonly view: Viewport
}

const MAX_ROW_HEIGHT = 56

export function timelineLayout(index: SpanIndex, view: Viewport, width: number, height: number): TimelineLayout {
  const gutter = index.rows > 9 ? 32 : 28
  const axis = 20
  const room = Math.max(8, height - axis - 2)
  const rows = Math.max(1, index.rows)
  const rowHeight = Math.min(MAX_ROW_HEIGHT, room / rows)
  const rowGap = rowHeight > 20 ? 4 : rowHeight > 10 ? 2 : 1
  const inner = rowHeight - rowGap
  const band = index.hasCommunication ? Math.max(2, Math.min(12, Math.round(inner * 0.3))) : 0
  return { width, height, gutter, axis, rows, rowHeight, rowGap, band, view }
}

export function xOf(layout: TimelineLayout, t: number): number {
  const { t0, t1 } = layout.view
  return layout.gutter + ((t - t0) / (t1 - t0)) * (layout.width - layout.gutter)
}

function timeAt(layout: TimelineLayout, x: number): number {
  const { t0, t1 } = layout.view
  return t0 + ((x - layout.gutter) / (layout.width - layout.gutter)) * (t1 - t0)
}

/** Top and height of a lane of a row. */
export function laneBox(layout: TimelineLayout, row: number, lane: Lane): { readonly y: number; readonly h: number } {
  const top = layout.axis + row * layout.rowHeight
  const inner = layout.rowHeight - layout.rowGap
  const compute = inner - (layout.band === 0 ? 0 : layout.band + 1)
  return lane === 'compute' ? { y: top, h: compute } : { y: top + compute + 1, h: layout.band }
}

export interface Hit {
  readonly row: number
  readonly time: number
  readonly span: TimelineSpan | null
}

/** What is at a point; null outside of the rows. */
export function hitTest(index: SpanIndex, layout: TimelineLayout, x: number, y: number): Hit | null {
  if (x < layout.gutter || x > layout.width || y < layout.axis) return null
  const row = Math.floor((y - layout.axis) / layout.rowHeight)
  if (row >= layout.rows) return null
  const time = timeAt(layout, x)
  const compute = laneBox(layout, row, 'compute')
  const lane: Lane = y <= compute.y + compute.h ? 'compute' : 'communication'
  return { row, time, span: spanAt(index, lane, row, time) }
}

/** Zooms by `factor` (> 1 closer) around time `at`, within [start, end] and not closer than `least`. */
export function zoom(view: Viewport, factor: number, at: number, start: number, end: number, least: number): Viewport {
  const span = Math.min(end - start, Math.max(least, (view.t1 - view.t0) / factor))
  const share = (at - view.t0) / (view.t1 - view.t0)
  return clampView({ t0: at - share * span, t1: at + (1 - share) * span }, start, end)
}

export function pan(view: Viewport, by: number, start: number, end: number): Viewport {
  return clampView({ t0: view.t0 + by, t1: view.t1 + by }, start, end)
}

/** Moves a viewport inside [start, end], keeping its length where possible. */
export function clampView(view: Viewport, start: number, end: number): Viewport {
  const span = Math.min(view.t1 - view.t0, end - start)
  const t0 = Math.min(Math.max(view.t0, start), end - span)
  return { t0, t1: t0 + span }
}

/** Round axis positions for about one label per 80 pixels: 1, 2 or 5 times a power of ten. */
export function axisTicks(layout: TimelineLayout, whole: boolean): readonly number[] {
  const { t0, t1 } = layout.view
  const rough = ((t1 - t0) / Math.max(1, layout.width - layout.gutter)) * 80
  const power = 10 ** Math.floor(Math.log10(rough))
  const nice = [1, 2, 5, 10].map((m) => m * power).find((each) => each >= rough) ?? rough
  const step = whole ? Math.max(1, Math.round(nice)) : nice
  const first = Math.ceil(t0 / step - 1e-9)
  const last = Math.floor(t1 / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => (first + at) * step)
}
