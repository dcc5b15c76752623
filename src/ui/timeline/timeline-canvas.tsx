import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { KeyboardEvent, PointerEvent } from 'react'
import type { TimelineSpan } from '../../state/session.ts'
import { CanvasView } from './canvas-view.ts'
import type { TimelineModel } from './canvas-view.ts'
import { pan, zoom } from './layout.ts'
import type { Hit, Viewport } from './layout.ts'
import { firstSpanAt } from './span-index.ts'
import styles from './timeline.module.css'

export interface TimelineCanvasProps {
  readonly model: TimelineModel
  readonly view: Viewport
  readonly onView: (view: Viewport) => void
  readonly cursor: number | null
  readonly current: ReadonlySet<TimelineSpan>
  readonly onCursor: (cursor: number | null) => void
  readonly onStep: (by: number) => void
  readonly label: string
  readonly describedBy: string
  readonly theme: string
  readonly tooltip: (span: TimelineSpan) => readonly string[]
  /** A cell was clicked, or Enter pressed on the first one under the cursor. */
  readonly onSpan: (span: TimelineSpan) => void
}

/** Connects pointer and keys to a CanvasView. */
export function TimelineCanvas(props: TimelineCanvasProps) {
  const { model, view, onView, cursor, onCursor, onStep, label, describedBy, theme, tooltip, onSpan } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const drawing = useRef<CanvasView | null>(null)
  const drag = useRef<{ x: number; view: Viewport; moved: boolean } | null>(null)
  const [hover, setHover] = useState<{ hit: Hit; x: number; y: number } | null>(null)
  const latest = useRef(props)
  useLayoutEffect(() => {
    latest.current = props
  })

  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const made = new CanvasView(element)
    drawing.current = made
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) made.resize(entry.contentRect.width, entry.contentRect.height)
    })
    observer.observe(element)
    // React listens to wheel events passively; zooming must keep the page from scrolling.
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && Math.abs(event.deltaY) < Math.abs(event.deltaX)) return
      event.preventDefault()
      const { model: shown, view: at, onView: change } = latest.current
      const time = made.hit(event.offsetX, Math.max(event.offsetY, 21))?.time ?? (at.t0 + at.t1) / 2
      const { start, end } = shown.index
      change(zoom(at, Math.exp(-event.deltaY / 300), time, start, end, (end - start) / 20_000))
    }
    element.addEventListener('wheel', wheel, { passive: false })
    return () => {
      element.removeEventListener('wheel', wheel)
      observer.disconnect()
      made.dispose()
    }
  }, [])

  const { current } = props
  useEffect(() => drawing.current?.set({ model, view, cursor, current }), [model, view, cursor, current])
  useEffect(() => drawing.current?.set({ hover: hover?.hit.span ?? null }), [hover])
  useEffect(() => drawing.current?.restyle(), [theme])

  const { start, end } = model.index
  const move = (event: PointerEvent<HTMLCanvasElement>) => {
    const { offsetX: x, offsetY: y } = event.nativeEvent
    const held = drag.current
    const layout = drawing.current?.layout()
    if (held !== null && layout !== undefined) {
      if (Math.abs(x - held.x) > 3) held.moved = true
      const perPixel = (held.view.t1 - held.view.t0) / Math.max(1, layout.width - layout.gutter)
      if (held.moved) onView(pan(held.view, (held.x - x) * perPixel, start, end))
      return
    }
    const hit = drawing.current?.hit(x, y) ?? null
    setHover(hit?.span == null ? null : { hit, x, y })
  }
  const release = (event: PointerEvent<HTMLCanvasElement>) => {
    const held = drag.current
    drag.current = null
    if (held === null || held.moved) return
    const hit = drawing.current?.hit(event.nativeEvent.offsetX, event.nativeEvent.offsetY)
    if (hit == null) return
    onCursor(model.wholeTicks ? Math.floor(hit.time) + 0.5 : hit.time)
    if (hit.span !== null) onSpan(hit.span)
  }
  const key = (event: KeyboardEvent) => {
    const width = view.t1 - view.t0
    const least = (end - start) / 20_000
    const steps: Record<string, () => void> = {
      ArrowRight: () => (event.shiftKey ? onView(pan(view, width / 8, start, end)) : onStep(1)),
      ArrowLeft: () => (event.shiftKey ? onView(pan(view, -width / 8, start, end)) : onStep(-1)),
      '+': () => onView(zoom(view, 1.5, cursor ?? (view.t0 + view.t1) / 2, start, end, least)),
      '=': () => onView(zoom(view, 1.5, cursor ?? (view.t0 + view.t1) / 2, start, end, least)),
      '-': () => onView(zoom(view, 1 / 1.5, cursor ?? (view.t0 + view.t1) / 2, start, end, least)),
      '0': () => onView({ t0: start, t1: end }),
      Escape: () => onCursor(null),
      Enter: () => {
        const under = cursor === null ? null : firstSpanAt(model.index, cursor)
        if (under !== null) onSpan(under)
      },
    }
    const step = steps[event.key]
    if (step === undefined || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    event.stopPropagation()
    step()
  }

  const width = drawing.current?.layout().width ?? 0
  return (
    <div className={styles.canvasBox}>
      <canvas
        ref={canvas}
        className={styles.canvas}
        role="img"
        aria-label={label}
        aria-describedby={describedBy}
        tabIndex={0}
        onKeyDown={key}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          drag.current = { x: event.nativeEvent.offsetX, view, moved: false }
        }}
        onPointerMove={move}
        onPointerUp={release}
        onPointerCancel={() => (drag.current = null)}
        onPointerLeave={() => setHover(null)}
        onDoubleClick={() => onView({ t0: start, t1: end })}
      />
      {hover?.hit.span != null && (
        <div
          className={styles.tooltip}
          style={
            hover.x > width / 2
              ? { right: width - hover.x + 12, top: hover.y + 12 }
              : { left: hover.x + 12, top: hover.y + 12 }
          }
        >
          {tooltip(hover.hit.span).map((line, at) => (
            <div key={line} className={at === 0 ? styles.tooltipTitle : undefined}>
              {line}
            </div>
          ))}
        </div>
      )}
    </div>
  )
}
