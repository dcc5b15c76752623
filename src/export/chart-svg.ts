import { FAINT, HAIRLINE, at, roundTicks, svgFile, textAt, tickText, widthOf } from './svg.ts'

export interface ChartLine {
  readonly name: string
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
  readonly color: string
  /** Dashed, with a mark at every value: few of them, far apart. */
  readonly dashed: boolean
}

export interface Chart {
  readonly title: string
  /** What was measured, on what: a line of small print under the title. */
  readonly subtitle: string
  readonly xLabel: string
  readonly yLabel: string
  readonly lines: readonly ChartLine[]
  /** The vertical axis begins at 0. */
  readonly fromZero: boolean
}

const WIDTH = 800
const HEIGHT = 450
const PLOT = { left: 76, right: WIDTH - 24, top: 84, bottom: HEIGHT - 56 }

interface Range {
  readonly low: number
  readonly high: number
}

/** Smallest and largest finite value; null where there is none. */
function rangeOf(columns: readonly ArrayLike<number>[]): Range | null {
  let [low, high] = [Infinity, -Infinity]
  for (const column of columns)
    for (let i = 0; i < column.length; i++) {
      const value = column[i]!
      if (!Number.isFinite(value)) continue
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  return low <= high ? { low, high } : null
}

/** Room for a line that does not move, and a little air above and below one that does. */
function widened({ low, high }: Range, fromZero: boolean): Range {
  const air = high > low ? (high - low) * 0.06 : Math.max(Math.abs(high) * 0.1, 1e-6)
  return { low: fromZero ? Math.min(0, low) : low - air, high: high + air }
}

/** The path of a line; it breaks where a value is no number. */
function pathOf({ x, y }: ChartLine, px: (value: number) => number, py: (value: number) => number): string {
  let path = ''
  let pen = 'M'
  for (let i = 0; i < x.length; i++) {
    const [across, up] = [x[i]!, y[i]!]
    if (!Number.isFinite(across) || !Number.isFinite(up)) {
      pen = 'M'
      continue
    }
    path += `${pen}${at(px(across))} ${at(py(up))}`
    pen = 'L'
  }
  return path
}

function marksOf({ x, y, color }: ChartLine, px: (value: number) => number, py: (value: number) => number): string[] {
  const marks: string[] = []
  for (let i = 0; i < x.length; i++)
    if (Number.isFinite(y[i]))
      marks.push(`<circle cx="${at(px(x[i]!))}" cy="${at(py(y[i]!))}" r="2.5" fill="${color}"/>`)
  return marks
}

const dash = ({ dashed }: ChartLine) => (dashed ? ' stroke-dasharray="6 4"' : '')

/** Names beside a piece of their line, right-aligned over the plot. */
function legendOf(lines: readonly ChartLine[]): string[] {
  const y = PLOT.top - 18
  let right = PLOT.right
  return lines.toReversed().flatMap((line) => {
    const left = right - widthOf(line.name, 12) - 34
    right = left - 20
    return [
      `<path d="M${at(left)} ${y - 4}h26" fill="none" stroke="${line.color}" stroke-width="2"${dash(line)}/>`,
      textAt(left + 34, y, line.name),
    ]
  })
}

/** Lines over training steps as a picture of its own: axes with round ticks, a legend, a title. */
export function chartSvg({ title, subtitle, xLabel, yLabel, lines, fromZero }: Chart): string {
  const across = rangeOf(lines.map(({ x }) => x)) ?? { low: 0, high: 1 }
  const up = widened(rangeOf(lines.map(({ y }) => y)) ?? { low: 0, high: 1 }, fromZero)
  const wide = across.high > across.low ? across : { low: across.low - 1, high: across.high + 1 }
  const px = (value: number) => PLOT.left + ((value - wide.low) / (wide.high - wide.low)) * (PLOT.right - PLOT.left)
  const py = (value: number) => PLOT.bottom - ((value - up.low) / (up.high - up.low)) * (PLOT.bottom - PLOT.top)
  const steps = roundTicks(wide.low, wide.high, 8).filter(Number.isInteger)
  const rows = roundTicks(up.low, up.high, 6)
  return svgFile(WIDTH, HEIGHT, `${title}. ${subtitle}`, [
    textAt(PLOT.left, 32, title, { size: 18, weight: 650 }),
    textAt(PLOT.left, 52, subtitle, { fill: FAINT }),
    ...legendOf(lines),
    ...rows.flatMap((value) => [
      `<path d="M${PLOT.left} ${at(py(value))}H${PLOT.right}" stroke="${HAIRLINE}"/>`,
      textAt(PLOT.left - 10, py(value) + 4, tickText(value), { anchor: 'end', fill: FAINT }),
    ]),
    ...steps.flatMap((value) => [
      `<path d="M${at(px(value))} ${PLOT.bottom}v6" stroke="${FAINT}"/>`,
      textAt(px(value), PLOT.bottom + 22, tickText(value), { anchor: 'middle', fill: FAINT }),
    ]),
    `<path d="M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}" fill="none" stroke="${FAINT}"/>`,
    textAt((PLOT.left + PLOT.right) / 2, HEIGHT - 12, xLabel, { anchor: 'middle', fill: FAINT }),
    textAt(20, (PLOT.top + PLOT.bottom) / 2, yLabel, { anchor: 'middle', fill: FAINT, turn: -90 }),
    ...lines.flatMap((line) => [
      `<path d="${pathOf(line, px, py)}" fill="none" stroke="${line.color}" stroke-width="1.75" stroke-linejoin="round"${dash(line)}/>`,
      ...(line.dashed ? marksOf(line, px, py) : []),
    ]),
  ])
}
