import type { TimelineSpan } from '../../state/session.ts'
import { drawTimeline } from './draw.ts'
import type { DrawOptions } from './draw.ts'
import { hitTest, timelineLayout } from './layout.ts'
import type { Hit, Viewport } from './layout.ts'
import { readPalette } from './palette.ts'
import type { Palette } from './palette.ts'
import { buildIndex } from './span-index.ts'
import type { SpanIndex } from './span-index.ts'

export interface TimelineModel {
  readonly index: SpanIndex
  readonly wholeTicks: boolean
  readonly rowName: DrawOptions['rowName']
  readonly timeName: DrawOptions['timeName']
}

const EMPTY: TimelineModel = { index: buildIndex([], 1), wholeTicks: true, rowName: String, timeName: String }

/** A canvas that draws a timeline, at most once per animation frame; independent of React. */
export class CanvasView {
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D | null
  #palette: Palette
  #model = EMPTY
  #view: Viewport = { t0: 0, t1: 1 }
  #cursor: number | null = null
  #hover: TimelineSpan | null = null
  #current: ReadonlySet<TimelineSpan> = new Set()
  #frame = 0
  #width = 0
  #height = 0

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas
    this.#context = canvas.getContext('2d')
    this.#palette = readPalette(canvas)
  }

  set(change: {
    model?: TimelineModel
    view?: Viewport
    cursor?: number | null
    hover?: TimelineSpan | null
    current?: ReadonlySet<TimelineSpan>
  }): void {
    if (change.model !== undefined) this.#model = change.model
    if (change.view !== undefined) this.#view = change.view
    if (change.cursor !== undefined) this.#cursor = change.cursor
    if (change.hover !== undefined) this.#hover = change.hover
    if (change.current !== undefined) this.#current = change.current
    this.redraw()
  }

  /** After a change of theme. */
  restyle(): void {
    this.#palette = readPalette(this.#canvas)
    this.redraw()
  }

  /** CSS pixels. */
  resize(width: number, height: number): void {
    const ratio = window.devicePixelRatio || 1
    this.#width = width
    this.#height = height
    this.#canvas.width = Math.max(1, Math.round(width * ratio))
    this.#canvas.height = Math.max(1, Math.round(height * ratio))
    this.#draw()
  }

  hit(x: number, y: number): Hit | null {
    return hitTest(this.#model.index, this.#layout(), x, y)
  }

  layout() {
    return this.#layout()
  }

  redraw(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw())
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame)
  }

  #layout() {
    return timelineLayout(this.#model.index, this.#view, this.#width, this.#height)
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    if (this.#context === null || this.#width === 0) return
    drawTimeline(this.#context, this.#model.index, this.#layout(), {
      palette: this.#palette,
      pixelRatio: this.#canvas.width / this.#width,
      cursor: this.#cursor,
      hover: this.#hover,
      current: this.#current,
      rowName: this.#model.rowName,
      wholeTicks: this.#model.wholeTicks,
      timeName: this.#model.timeName,
    })
  }
}
