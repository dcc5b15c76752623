import { PICTURE_HEIGHT, PLOT, PICTURE_WIDTH, frameOf, legendOf, type LegendEntry } from './frame.ts'
import { FAINT, at, roundTicks, svgFile, textAt, tickText } from './svg.ts'

export interface ChartLine {
  readonly name: string
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
  readonly color: string
  /** Dashed, with a mark at every value: for few, distant values. */
  readonly dashed: boolean
  /** A label at its last value: distinguishes lines when there are more than colours. */
  readonly atEnd?: string
}

export interface Chart {
  readonly title: string
  /** What was measured and where: small print below the title. */
  readonly subtitle: string
  readonly xLabel: string
  readonly yLabel: string
  readonly lines: readonly ChartLine[]
  /** The vertical axis begins at 0. */
  readonly fromZero: boolean
  /** Small print below, one line each. */
  readonly notes?: readonly string[]
}

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

/** Space for a constant line, and a margin above and below others. */
function widened({ low, high }: Range, fromZero: boolean): Range {
  const air = high > low ? (high - low) * 0.06 : Math.max(Math.abs(high) * 0.1, 1e-6)
  return { low: fromZero ? Math.min(0, low) : low - air, high: high + air }
}

/** The path of a line, interrupted at values that are not finite. */
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

function endOf(
  { x, y, color, atEnd }: ChartLine,
  px: (value: number) => number,
  py: (value: number) => number,
): string[] {
  const last = x.length - 1
  if (atEnd === undefined || !Number.isFinite(y[last])) return []
  return [textAt(px(x[last]!) + 5, py(y[last]!) + 4, atEnd, { fill: color, weight: 650 })]
}

const NOTE = 18

const dash = ({ dashed }: ChartLine) => (dashed ? ' stroke-dasharray="6 4"' : '')

const signOf = (line: ChartLine): LegendEntry => ({
  name: line.name,
  draw: (x, y) => `<path d="M${at(x)} ${y - 4}h26" fill="none" stroke="${line.color}" stroke-width="2"${dash(line)}/>`,
})

/** Lines over training steps as a standalone picture: axes with round ticks, a legend, a title. */
export function chartSvg({ title, subtitle, xLabel, yLabel, lines, fromZero, notes = [] }: Chart): string {
  const across = rangeOf(lines.map(({ x }) => x)) ?? { low: 0, high: 1 }
  const up = widened(rangeOf(lines.map(({ y }) => y)) ?? { low: 0, high: 1 }, fromZero)
  const wide = across.high > across.low ? across : { low: across.low - 1, high: across.high + 1 }
  const x = {
    ...wide,
    label: xLabel,
    ticks: roundTicks(wide.low, wide.high, 8).filter(Number.isInteger),
    tick: tickText,
  }
  const y = { ...up, label: yLabel, ticks: roundTicks(up.low, up.high, 6), tick: tickText }
  const { px, py, body } = frameOf(title, subtitle, x, y)
  return svgFile(PICTURE_WIDTH, PICTURE_HEIGHT + notes.length * NOTE, `${title}. ${subtitle}`, [
    ...body,
    ...legendOf(lines.map(signOf)),
    ...lines.flatMap((line) => [
      `<path d="${pathOf(line, px, py)}" fill="none" stroke="${line.color}" stroke-width="1.75" stroke-linejoin="round"${dash(line)}/>`,
      ...(line.dashed ? marksOf(line, px, py) : []),
      ...endOf(line, px, py),
    ]),
    ...notes.map((note, i) => textAt(PLOT.left, PICTURE_HEIGHT + 8 + i * NOTE, note, { fill: FAINT })),
  ])
}
