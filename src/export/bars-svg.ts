import { legendOf, PLOT, PICTURE_WIDTH } from './frame.ts'
import { hatchPatterns, hatched, type Hatch } from './hatch.ts'
import { FAINT, INK, at, roundTicks, svgFile, textAt } from './svg.ts'

export interface BarsPicture {
  readonly title: string
  readonly subtitle: string
  readonly xLabel: string
  readonly parts: readonly { readonly name: string; readonly fill: string; readonly hatch: Hatch }[]
  readonly rows: readonly {
    readonly name: string
    /** One value for each part. */
    readonly values: readonly number[]
    readonly sum: string
    /** A mark on the bar: the limit. */
    readonly limit: number | null
  }[]
  readonly xText: (value: number) => string
}

const LEFT = 24
/** Space for a row's sum after its bar. */
const RIGHT = PICTURE_WIDTH - 96
const ROW = 44
const BAR = 16

/** Stacked horizontal bars, one below each row's name, on one scale. */
export function barsSvg({ title, subtitle, xLabel, parts, rows, xText }: BarsPicture): string {
  const sums = rows.map(({ values }) => values.reduce((sum, value) => sum + value, 0))
  const high = Math.max(1, ...sums, ...rows.map(({ limit }) => limit ?? 0)) * 1.02
  const px = (value: number) => LEFT + (value / high) * (RIGHT - LEFT)
  const bottom = PLOT.top + rows.length * ROW
  return svgFile(PICTURE_WIDTH, bottom + 56, `${title}. ${subtitle}`, [
    hatchPatterns(parts.map(({ hatch }) => hatch)),
    textAt(LEFT, 32, title, { size: 18, weight: 650 }),
    textAt(LEFT, 50, subtitle, { fill: FAINT }),
    ...legendOf(
      parts.map((part) => ({
        name: part.name,
        draw: (x, y) => hatched(`<rect x="${at(x + 12)}" y="${y - 11}" width="14" height="14"`, part),
      })),
    ),
    `<path d="M${LEFT} ${bottom}H${RIGHT}" stroke="${FAINT}"/>`,
    ...roundTicks(0, high, 8).flatMap((value) => [
      `<path d="M${at(px(value))} ${bottom}v6" stroke="${FAINT}"/>`,
      textAt(px(value), bottom + 22, xText(value), { anchor: 'middle', fill: FAINT }),
    ]),
    ...rows.flatMap(({ name, values, sum, limit }, row) => {
      const top = PLOT.top + row * ROW + 20
      let from = 0
      const boxes = values.map((value, i) => {
        const [x, until] = [px(from), px(from + value)]
        from += value
        return hatched(`<rect x="${at(x)}" y="${top}" width="${at(until - x)}" height="${BAR}"`, parts[i]!)
      })
      return [
        textAt(LEFT, top - 5, name),
        ...boxes,
        textAt(px(from) + 8, top + 12, sum, { fill: FAINT }),
        ...(limit === null
          ? []
          : [`<path d="M${at(px(limit))} ${top - 3}v${BAR + 6}" stroke="${INK}" stroke-width="2"/>`]),
      ]
    }),
    textAt((LEFT + RIGHT) / 2, bottom + 42, xLabel, { anchor: 'middle', fill: FAINT }),
  ])
}
