import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Pin } from '../../state/compare-store.ts'
import { significant } from '../format.ts'
import { nameOf } from './compare-table.tsx'
import styles from './compare.module.css'
import type { CompareText } from './text.ts'
import { useLayoutWords } from '../text/layout-words.ts'

interface Curve {
  readonly pin: Pin
  readonly losses: readonly number[]
}

function curvesOf(pins: readonly Pin[]): Curve[] {
  return pins.flatMap((pin) => {
    const { training } = pin
    return training === null || training.phase === 'waiting' || training.losses.length === 0
      ? []
      : [{ pin, losses: training.losses }]
  })
}

/** Common axes of all curves. */
interface Axes {
  readonly steps: number
  readonly low: number
  readonly high: number
}

/** Plots with the same key share their cursor. */
const CURSOR = 'compare'
const HEIGHT = 130

/** A small chart per trained pin, all on the same axes with one cursor; with a table of the numbers. */
export default function LossMultiples({
  pins,
  steps,
  theme,
  text,
}: {
  readonly pins: readonly Pin[]
  readonly steps: number
  readonly theme: string
  readonly text: CompareText
}) {
  const curves = curvesOf(pins)
  const all = curves.flatMap(({ losses }) => losses)
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const margin = Math.max(0.01, (high - low) * 0.05)
  const longest = Math.max(steps, ...curves.map(({ losses }) => losses.length))
  const axes: Axes = { steps: longest, low: low - margin, high: high + margin }
  return (
    <>
      <p className={styles.about}>{text.lossesAbout}</p>
      <div className={styles.multiples}>
        {curves.map((curve) => (
          <SmallChart key={curve.pin.letter} curve={curve} axes={axes} theme={theme} text={text} />
        ))}
      </div>
      <details>
        <summary>{text.lossTable}</summary>
        <div className={styles.scroll} tabIndex={0} role="region" aria-label={text.lossTable}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{text.stepHead}</th>
                {curves.map(({ pin }) => (
                  <th key={pin.letter} scope="col">
                    {pin.letter}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: Math.max(0, ...curves.map(({ losses }) => losses.length)) }, (_, step) => (
                <tr key={step}>
                  <th scope="row">{step + 1}</th>
                  {curves.map(({ pin, losses }) => (
                    <td key={pin.letter}>{losses[step] === undefined ? '–' : significant(losses[step])}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  )
}

function SmallChart({
  curve: { pin, losses },
  axes: { steps, low, high },
  theme,
  text,
}: {
  readonly curve: Curve
  readonly axes: Axes
  readonly theme: string
  readonly text: CompareText
}) {
  const place = useRef<HTMLDivElement>(null)
  const reading = useRef<HTMLSpanElement>(null)
  const last = losses.at(-1)
  const words = useLayoutWords()
  useEffect(() => {
    const element = place.current
    if (!element) return
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string) => style.getPropertyValue(name).trim()
    const axis = {
      stroke: colour('--ink-2'),
      grid: { stroke: colour('--hairline'), width: 1 },
      ticks: { stroke: colour('--hairline'), width: 1 },
      font: `11px ${style.getPropertyValue('--font')}`,
    }
    const plot = new uPlot(
      {
        width: Math.max(80, element.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, sync: { key: CURSOR }, y: false, points: { size: 5 } },
        scales: { x: { time: false, range: [1, Math.max(2, steps)] }, y: { range: [low, high] } },
        axes: [
          { ...axis, size: 24 },
          { ...axis, size: 44 },
        ],
        series: [{}, { stroke: colour('--accent'), width: 1.5, points: { show: losses.length < 3 } }],
        hooks: {
          setCursor: [
            ({ cursor: { idx } }) => {
              const value = idx == null ? undefined : losses[idx]
              if (reading.current)
                reading.current.textContent =
                  value === undefined ? '' : `${text.stepHead} ${idx! + 1}: ${significant(value)}`
            },
          ],
        },
      },
      [losses.map((_, i) => i + 1), [...losses]],
      element,
    )
    const resize = new ResizeObserver(() => plot.setSize({ width: Math.max(80, element.clientWidth), height: HEIGHT }))
    resize.observe(element)
    return () => {
      resize.disconnect()
      plot.destroy()
    }
  }, [losses, steps, low, high, theme, text])
  return (
    <figure className={styles.small}>
      <figcaption>
        <b className={styles.letter}>{pin.letter}</b>
        <span className={styles.reading} ref={reading} />
        <strong>{last === undefined ? '' : significant(last)}</strong>
      </figcaption>
      <div ref={place} role="img" aria-label={text.lossOf(pin.letter, nameOf(pin, words))} style={{ height: HEIGHT }} />
    </figure>
  )
}
