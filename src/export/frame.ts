import { FAINT, HAIRLINE, at, textAt, widthOf } from './svg.ts'

/** One axis of a picture: its ends, ticks and tick labels. */
export interface PlotAxis {
  readonly low: number
  readonly high: number
  readonly label: string
  readonly ticks: readonly number[]
  readonly tick: (value: number) => string
}

export const PICTURE_WIDTH = 800
export const PICTURE_HEIGHT = 450
export const PLOT = { left: 76, right: PICTURE_WIDTH - 24, top: 84, bottom: PICTURE_HEIGHT - 56 }

export interface PlotFrame {
  readonly px: (value: number) => number
  readonly py: (value: number) => number
  /** Title, grid, ticks, axes and their labels: below everything that is drawn. */
  readonly body: readonly string[]
}

/** An empty plot. */
export function frameOf(title: string, subtitle: string, x: PlotAxis, y: PlotAxis): PlotFrame {
  const px = (value: number) => PLOT.left + ((value - x.low) / (x.high - x.low)) * (PLOT.right - PLOT.left)
  const py = (value: number) => PLOT.bottom - ((value - y.low) / (y.high - y.low)) * (PLOT.bottom - PLOT.top)
  const body = [
    textAt(PLOT.left, 32, title, { size: 18, weight: 650 }),
    textAt(PLOT.left, 52, subtitle, { fill: FAINT }),
    ...y.ticks.flatMap((value) => [
      `<path d="M${PLOT.left} ${at(py(value))}H${PLOT.right}" stroke="${HAIRLINE}"/>`,
      textAt(PLOT.left - 10, py(value) + 4, y.tick(value), { anchor: 'end', fill: FAINT }),
    ]),
    ...x.ticks.flatMap((value) => [
      `<path d="M${at(px(value))} ${PLOT.bottom}v6" stroke="${FAINT}"/>`,
      textAt(px(value), PLOT.bottom + 22, x.tick(value), { anchor: 'middle', fill: FAINT }),
    ]),
    `<path d="M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}" fill="none" stroke="${FAINT}"/>`,
    textAt((PLOT.left + PLOT.right) / 2, PICTURE_HEIGHT - 12, x.label, { anchor: 'middle', fill: FAINT }),
    // Ticks with units leave no room for a name, and need none.
    ...(y.label === ''
      ? []
      : [textAt(20, (PLOT.top + PLOT.bottom) / 2, y.label, { anchor: 'middle', fill: FAINT, turn: -90 })]),
  ]
  return { px, py, body }
}

/** A name in the legend, after a symbol 26 units wide. */
export interface LegendEntry {
  readonly name: string
  /** Draws the symbol from its left end, on the text's baseline. */
  readonly draw: (x: number, y: number) => string
}

/** Names with their symbols, right-aligned above the plot. */
export function legendOf(signs: readonly LegendEntry[]): string[] {
  const y = PLOT.top - 11
  let right = PLOT.right
  return signs.toReversed().flatMap(({ name, draw }) => {
    const left = right - widthOf(name, 12) - 34
    right = left - 20
    return [draw(left, y), textAt(left + 34, y, name)]
  })
}
