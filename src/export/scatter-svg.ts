import { PICTURE_HEIGHT, PLOT, PICTURE_WIDTH, frameOf, legendOf } from './frame.ts'
import { INK, at, escapeXml, roundTicks, svgFile, textAt } from './svg.ts'

export interface ScatterPoint {
  readonly name: string
  readonly x: number
  readonly y: number
}

export interface ScatterGroup {
  readonly name: string
  readonly color: string
  readonly sign: 'circle' | 'diamond' | 'cross'
  /** Joined by a line, in order. */
  readonly joined: boolean
  readonly points: readonly ScatterPoint[]
}

export interface ScatterPicture {
  readonly title: string
  readonly subtitle: string
  readonly xLabel: string
  readonly yLabel: string
  /** Lowest first. */
  readonly groups: readonly ScatterGroup[]
  /** A marked position on the horizontal axis. */
  readonly limit: { readonly value: number; readonly name: string }
  readonly xText: (value: number) => string
  readonly yText: (value: number) => string
}

function signAt(x: number, y: number, { sign, color }: ScatterGroup, tip: string): string {
  const inside = tip === '' ? '' : `<title>${escapeXml(tip)}</title>`
  const [across, up] = [at(x), at(y)]
  if (sign === 'circle') return `<circle cx="${across}" cy="${up}" r="3" fill="${color}">${inside}</circle>`
  const path =
    sign === 'diamond'
      ? `M${across} ${at(y - 5)}l5 5l-5 5l-5-5Z`
      : `M${at(x - 2)} ${at(y - 6)}h4v4h4v4h-4v4h-4v-4h-4v-4h4Z`
  return `<path d="${path}" fill="${color}">${inside}</path>`
}

/** Points by two quantities, from zero; each has its name as a tooltip. */
export function scatterSvg(picture: ScatterPicture): string {
  const { title, subtitle, xLabel, yLabel, groups, limit, xText, yText } = picture
  const points = groups.flatMap((group) => group.points)
  const wide = Math.max(limit.value, ...points.map(({ x }) => x)) * 1.05
  const high = Math.max(1, ...points.map(({ y }) => y)) * 1.06
  const { px, py, body } = frameOf(
    title,
    subtitle,
    { low: 0, high: wide, label: xLabel, ticks: roundTicks(0, wide, 8), tick: xText },
    { low: 0, high, label: yLabel, ticks: roundTicks(0, high, 6), tick: yText },
  )
  return svgFile(PICTURE_WIDTH, PICTURE_HEIGHT, `${title}. ${subtitle}`, [
    ...body,
    ...legendOf(groups.map((group) => ({ name: group.name, draw: (x, y) => signAt(x + 22, y - 4, group, '') }))),
    `<path d="M${at(px(limit.value))} ${PLOT.top}V${PLOT.bottom}" stroke="${INK}" stroke-dasharray="4 3"/>`,
    textAt(px(limit.value) - 6, PLOT.bottom - 8, limit.name, { anchor: 'end' }),
    ...groups.flatMap((group) => [
      ...(group.joined && group.points.length > 1
        ? [
            `<path d="M${group.points.map(({ x, y }) => `${at(px(x))} ${at(py(y))}`).join('L')}" fill="none" stroke="${group.color}"/>`,
          ]
        : []),
      ...group.points.map(({ name, x, y }) => signAt(px(x), py(y), group, `${name}: ${xText(x)}, ${yText(y)}`)),
    ]),
  ])
}
