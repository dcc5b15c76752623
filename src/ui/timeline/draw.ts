import type { TimelineSpan } from '../../state/session.ts'
import type { SpanKind } from '../../schedule/span-kinds.ts'
import { axisTicks, laneBox, xOf } from './layout.ts'
import type { TimelineLayout } from './layout.ts'
import { drawTile, PATTERNS } from './palette.ts'
import type { Palette, Pattern } from './palette.ts'
import type { Lane, SpanIndex } from './span-index.ts'
import { visibleRange } from './span-index.ts'

export interface DrawOptions {
  readonly palette: Palette
  readonly pixelRatio: number
  /** Cursor time, or null. */
  readonly cursor: number | null
  readonly hover: TimelineSpan | null
  /** Cells at which ranks currently are. */
  readonly current: ReadonlySet<TimelineSpan>
  /** Ranks' names in the gutter. */
  readonly rowName: (row: number) => string
  /** Whole ticks on the axis, else any round number. */
  readonly wholeTicks: boolean
  readonly timeName: (t: number) => string
}

/** A drawn cell: spans narrower than a pixel are merged with neighbours of the same kind. */
export interface DrawnCell {
  readonly x: number
  readonly w: number
  readonly kind: SpanKind
  readonly span: TimelineSpan | null
}

/** Cells of one lane of one row in view, left to right: at most about two per pixel column whatever the span count. */
function cellsOf(index: SpanIndex, layout: TimelineLayout, lane: Lane, row: number): DrawnCell[] {
  const entry = index.lanes[lane][row]
  if (entry === undefined) return []
  const [from, to] = visibleRange(index, lane, row, layout.view.t0, layout.view.t1)
  const cells: DrawnCell[] = []
  let merged: { x: number; end: number; kind: SpanKind; column: number } | null = null
  const flush = () => {
    if (merged !== null)
      cells.push({ x: merged.x, w: Math.max(0.5, merged.end - merged.x), kind: merged.kind, span: null })
    merged = null
  }
  for (let at = from; at < to; at++) {
    const span = entry.spans[at]!
    const x = Math.max(layout.gutter, xOf(layout, span.start))
    const end = Math.min(layout.width, xOf(layout, span.end))
    if (end - x >= 1) {
      flush()
      cells.push({ x, w: end - x, kind: span.kind, span })
      continue
    }
    const column = Math.floor(x)
    if (merged !== null && merged.column === column) merged.end = Math.max(merged.end, end)
    else {
      flush()
      merged = { x, end, kind: span.kind, column }
    }
  }
  flush()
  return cells
}

const tiles = new Map<string, CanvasPattern | null>()

function patternOf(
  context: CanvasRenderingContext2D,
  pattern: Pattern,
  colour: string,
  ratio: number,
): CanvasPattern | null {
  if (pattern === 'plain') return null
  const key = `${pattern} ${colour} ${ratio}`
  const known = tiles.get(key)
  if (known !== undefined) return known
  const tile = document.createElement('canvas')
  tile.width = tile.height = Math.round(8 * ratio)
  const inner = tile.getContext('2d')
  if (inner === null) return null
  inner.scale(tile.width / 8, tile.height / 8)
  drawTile(inner, pattern, colour)
  const made = context.createPattern(tile, 'repeat')
  made?.setTransform(new DOMMatrix().scale(1 / ratio))
  tiles.set(key, made)
  return made
}

function drawLane(
  context: CanvasRenderingContext2D,
  index: SpanIndex,
  layout: TimelineLayout,
  row: number,
  lane: Lane,
  options: DrawOptions,
): void {
  const { palette, hover } = options
  const { y, h } = laneBox(layout, row, lane)
  if (h <= 0) return
  const cells = cellsOf(index, layout, lane, row)
  // A hairline between neighbours, unless cells get too narrow for it.
  const inset = (w: number) => (w > 5 ? 1 : 0)
  for (const { x, w, kind } of cells) {
    context.fillStyle = palette.fill[kind]
    context.fillRect(x, y, w - inset(w), h)
  }
  for (const { x, w, kind } of cells) {
    if (w < 4) continue
    const pattern = patternOf(context, PATTERNS[kind], palette.stripe, options.pixelRatio)
    if (pattern === null) continue
    context.fillStyle = pattern
    context.fillRect(x, y, w - inset(w), h)
  }
  if (h >= 10) {
    const size = Math.min(12, Math.max(9, Math.floor(h * 0.55)))
    context.font = `600 ${size}px ${palette.font}`
    context.textAlign = 'center'
    context.textBaseline = 'middle'
    for (const { x, w, kind, span } of cells) {
      if (span === null || w < 9) continue
      const label = fitting(context, span, w - 4)
      if (label === '') continue
      const width = context.measureText(label).width
      // A plain plate behind the letters keeps them readable on a pattern.
      if (PATTERNS[kind] !== 'plain') {
        context.fillStyle = palette.fill[kind]
        context.fillRect(x + w / 2 - width / 2 - 2, y + h / 2 - size / 2 - 1, width + 3, size + 2)
      }
      context.fillStyle = palette.text[kind]
      context.fillText(label, x + w / 2 - inset(w) / 2, y + h / 2 + 0.5)
    }
  }
  const frame = ({ x, w }: DrawnCell, line: number) => {
    context.strokeStyle = palette.ink
    context.lineWidth = line
    context.strokeRect(x + line / 2, y + line / 2, Math.max(1, w - line - inset(w)), h - line)
  }
  for (const cell of cells)
    if (cell.span !== null) {
      if (options.current.has(cell.span)) frame(cell, h > 24 ? 4 : 2)
      else if (cell.span === hover) frame(cell, 2)
    }
}

/** The longest form of a label that fits: "F3", "3", nothing. */
function fitting(context: CanvasRenderingContext2D, span: TimelineSpan, width: number): string {
  if (context.measureText(span.label).width <= width) return span.label
  const short = span.microbatch === null ? '' : String(span.microbatch)
  return short !== '' && context.measureText(short).width <= width ? short : ''
}

/** Draws the whole timeline; the cost depends on what is visible, not on the number of spans. */
export function drawTimeline(
  context: CanvasRenderingContext2D,
  index: SpanIndex,
  layout: TimelineLayout,
  options: DrawOptions,
): void {
  const { palette, pixelRatio, cursor } = options
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0)
  context.clearRect(0, 0, layout.width, layout.height)
  const bottom = layout.axis + layout.rows * layout.rowHeight - layout.rowGap

  context.font = `11px ${palette.font}`
  context.textBaseline = 'middle'
  context.textAlign = 'center'
  const right = Math.min(layout.width, xOf(layout, index.end))
  for (let row = 0; row < layout.rows; row++) {
    const { y } = laneBox(layout, row, 'compute')
    context.fillStyle = palette.idle
    const left = Math.max(layout.gutter, xOf(layout, index.start))
    context.fillRect(left, y, Math.max(0, right - left), layout.rowHeight - layout.rowGap)
    if (layout.rowHeight >= 9) {
      context.fillStyle = palette.faint
      context.textAlign = 'right'
      context.fillText(options.rowName(row), layout.gutter - 8, y + (layout.rowHeight - layout.rowGap) / 2)
    }
  }
  context.save()
  context.beginPath()
  context.rect(layout.gutter, 0, layout.width - layout.gutter, layout.height)
  context.clip()
  for (let row = 0; row < layout.rows; row++) {
    drawLane(context, index, layout, row, 'compute', options)
    drawLane(context, index, layout, row, 'communication', options)
  }
  context.restore()

  context.font = `11px ${palette.font}`
  context.strokeStyle = palette.hairline
  context.lineWidth = 1
  for (const t of axisTicks(layout, options.wholeTicks)) {
    const x = Math.round(xOf(layout, t)) + 0.5
    context.fillStyle = palette.faint
    context.textAlign = x > layout.width - 16 ? 'right' : x < layout.gutter + 8 ? 'left' : 'center'
    context.fillText(options.timeName(t), Math.min(x, layout.width - 1), 7)
    context.beginPath()
    context.moveTo(x, 14)
    context.lineTo(x, layout.axis - 2)
    context.stroke()
  }
  if (cursor !== null && cursor >= layout.view.t0 && cursor <= layout.view.t1) {
    const x = Math.round(xOf(layout, cursor)) + 0.5
    context.strokeStyle = palette.accent
    context.fillStyle = palette.accent
    context.lineWidth = 1.5
    context.beginPath()
    context.moveTo(x, 12)
    context.lineTo(x, bottom)
    context.stroke()
    context.beginPath()
    context.moveTo(x - 5, 8)
    context.lineTo(x + 5, 8)
    context.lineTo(x, 15)
    context.fill()
  }
}
