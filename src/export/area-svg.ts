import { PICTURE_HEIGHT, PLOT, PICTURE_WIDTH, frameOf, legendOf } from './frame.ts'
import { hatchPatterns, hatched, type Hatch } from './hatch.ts'
import { INK, at, roundTicks, svgFile, textAt } from './svg.ts'

export interface AreaPart {
  readonly name: string
  readonly fill: string
  readonly hatch: Hatch
  /** Constant from each moment until the next. */
  readonly values: readonly number[]
}

export interface AreaPicture {
  readonly title: string
  readonly subtitle: string
  readonly xLabel: string
  readonly moments: readonly number[]
  /** End of the last values. */
  readonly end: number
  /** Lowest first. */
  readonly parts: readonly AreaPart[]
  /** A limit, drawn where it is in range. */
  readonly limit: { readonly value: number; readonly name: string }
  readonly xText: (value: number) => string
  readonly yText: (value: number) => string
}

/** A limit further up than this many times the highest sum would flatten the areas. */
const MAX_LIMIT_RATIO = 4

/** Stacked parts, each constant until the next moment. */
export function areaSvg(picture: AreaPicture): string {
  const { title, subtitle, xLabel, moments, end, parts, limit, xText, yText } = picture
  const sums = moments.map((_, i) => parts.reduce((sum, { values }) => sum + values[i]!, 0))
  const peak = Math.max(1, ...sums)
  const isNear = limit.value <= MAX_LIMIT_RATIO * peak
  const high = (isNear ? Math.max(peak, limit.value) : peak) * 1.06
  const until = end > 0 ? end : 1
  const { px, py, body } = frameOf(
    title,
    subtitle,
    { low: 0, high: until, label: xLabel, ticks: roundTicks(0, until, 8), tick: xText },
    { low: 0, high, label: '', ticks: roundTicks(0, high, 6), tick: yText },
  )
  const floor = moments.map(() => 0)
  const areas = parts.map((part) => {
    const under = [...floor]
    part.values.forEach((value, i) => void (floor[i]! += value))
    return hatched(`<path d="${between(moments, until, under, floor, px, py)}"`, part)
  })
  return svgFile(PICTURE_WIDTH, PICTURE_HEIGHT, `${title}. ${subtitle}`, [
    hatchPatterns(parts.map(({ hatch }) => hatch)),
    ...body,
    ...legendOf(
      parts.map((part) => ({
        name: part.name,
        draw: (x, y) => hatched(`<rect x="${at(x + 12)}" y="${y - 11}" width="14" height="14"`, part),
      })),
    ),
    ...areas,
    ...(isNear
      ? [
          `<path d="M${PLOT.left} ${at(py(limit.value))}H${PLOT.right}" stroke="${INK}" stroke-dasharray="4 3"/>`,
          textAt(PLOT.right - 4, py(limit.value) - 6, limit.name, { anchor: 'end' }),
        ]
      : []),
  ])
}

/** The steps of the upper edge from left to right, then those of the lower one back. */
function between(
  moments: readonly number[],
  end: number,
  under: readonly number[],
  over: readonly number[],
  px: (value: number) => number,
  py: (value: number) => number,
): string {
  const corners = (edge: readonly number[]) =>
    moments.flatMap((moment, i) => [
      `${at(px(moment))} ${at(py(edge[i]!))}`,
      `${at(px(moments[i + 1] ?? end))} ${at(py(edge[i]!))}`,
    ])
  return moments.length === 0 ? 'M0 0' : `M${[...corners(over), ...corners(under).reverse()].join('L')}Z`
}
