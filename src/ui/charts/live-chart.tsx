import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Series } from '../../state/series.ts'

export interface LiveLine {
  readonly series: Series
  readonly name: string
  /** Custom property of its colour. */
  readonly color: string
  readonly dashed: boolean
  /** Shows every point: for short lines. */
  readonly points?: boolean
}

const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5]
const FRAME_MILLISECONDS = 60

/** Values of several series over the union of their x (uPlot wants one x for all). */
function align(lines: readonly LiveLine[]): uPlot.AlignedData {
  const x = lines[0]!.series.x()
  const columns = lines.map(({ series }) => {
    const own = series.x()
    if (own.length === x.length && own[0] === x[0] && own.at(-1) === x.at(-1)) return Array.from(series.y())
    const at = new Map(Array.from(own, (step, i) => [step, series.y()[i]!]))
    return Array.from(x, (step) => at.get(step) ?? null)
  })
  return [Array.from(x), ...columns]
}

/** A live line over training steps; redrawn on changes, up to sixteen times a second. */
export function LiveChart({
  lines,
  theme,
  label,
}: {
  readonly lines: readonly LiveLine[]
  readonly theme: string
  readonly label: string
}) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = place.current
    if (!element) return
    const style = getComputedStyle(document.documentElement)
    const color = (name: string) => style.getPropertyValue(name).trim()
    const axis = {
      stroke: color('--ink-2'),
      grid: { stroke: color('--hairline'), width: 1 },
      ticks: { stroke: color('--hairline'), width: 1 },
      font: `11px ${style.getPropertyValue('--font')}`,
    }
    const plot = new uPlot(
      {
        width: Math.max(80, element.clientWidth),
        height: Math.max(60, element.clientHeight),
        legend: { show: false },
        cursor: { points: { size: 5 }, drag: { x: false, y: false } },
        scales: { x: { time: false, range: (_, low, high) => [low, Math.max(high, low + 1)] } },
        axes: [
          // Whole steps, counted from one as everywhere on the page.
          { ...axis, size: 24, incrs: WHOLE_STEPS, values: (_, ticks) => ticks.map((step) => String(step + 1)) },
          { ...axis, size: 44 },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            label: line.name,
            stroke: color(line.color),
            width: 1.5,
            spanGaps: true,
            // A line needs two points; a single one is drawn as one.
            points: { show: line.points ?? ((plot: uPlot) => plot.data[0].length < 2) },
            ...(line.dashed ? { dash: [4, 3] } : {}),
          })),
        ],
      },
      align(lines),
      element,
    )
    let drawn = -1
    const timer = setInterval(() => {
      const version = lines.reduce((sum, { series }) => sum + series.version, 0)
      if (version === drawn) return
      drawn = version
      plot.setData(align(lines))
    }, FRAME_MILLISECONDS)
    const resize = new ResizeObserver(() =>
      plot.setSize({ width: Math.max(80, element.clientWidth), height: Math.max(60, element.clientHeight) }),
    )
    resize.observe(element)
    return () => {
      clearInterval(timer)
      resize.disconnect()
      plot.destroy()
    }
  }, [lines, theme])
  return <div ref={place} role="img" aria-label={label} style={{ height: '100%', minHeight: 60 }} />
}
