import { hatchPatterns, type Hatch } from './hatch.ts'
import { FAINT, HAIRLINE, INK, at, escapeXml, roundTicks, svgFile, textAt, widthOf } from './svg.ts'

export interface TimelineKind {
  readonly name: string
  readonly fill: string
  readonly text: string
  readonly hatch: Hatch
  readonly letter: string
  /** Drawn in a separate band below its row's compute. */
  readonly isBand: boolean
}

export interface TimelineCell {
  readonly row: number
  readonly start: number
  readonly end: number
  readonly kind: string
  readonly label: string
}

export interface TimelinePicture {
  readonly title: string
  readonly subtitle: string
  readonly xLabel: string
  readonly rows: number
  readonly rowName: (row: number) => string
  readonly idleName: string
  readonly timeName: (time: number) => string
  readonly cells: readonly TimelineCell[]
  /** The style of each kind, in legend order. */
  readonly kinds: Readonly<Record<string, TimelineKind>>
}

const WIDTH = 1200
const RIGHT = WIDTH - 24
const TOP = 84
const ROW = 34
const GAP = 6
const BAND = 9
const IDLE = '#e9e5dc'

function boxOf(x: number, y: number, width: number, height: number, { fill, hatch }: TimelineKind, tip = ''): string {
  const place = `x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(height)}"`
  const title = tip === '' ? '' : `<title>${escapeXml(tip)}</title>`
  const box = title === '' ? `<rect ${place} fill="${fill}"/>` : `<rect ${place} fill="${fill}">${title}</rect>`
  return hatch === 'plain' || width < 4 ? box : `${box}<rect ${place} fill="url(#${hatch})" pointer-events="none"/>`
}

/** A label on a plate of its kind's colour, readable on a pattern. */
function labelOf(label: string, x: number, y: number, { fill, text, hatch }: TimelineKind): string {
  const width = widthOf(label, 11) + 4
  const plate = `<rect x="${at(x - width / 2)}" y="${at(y - 11)}" width="${at(width)}" height="14" fill="${fill}"/>`
  return `${hatch === 'plain' ? '' : plate}${textAt(x, y, label, { size: 11, weight: 600, anchor: 'middle', fill: text })}`
}

function legendOf(kinds: readonly TimelineKind[], idleName: string, left: number, y: number): string[] {
  let x = left
  const entry = (name: string, swatch: (x: number) => string) => {
    const from = x
    x += 22 + widthOf(name, 12) + 20
    return [swatch(from), textAt(from + 22, y, name)]
  }
  return [
    ...kinds.flatMap((kind) =>
      entry(kind.name, (from) => boxOf(from, y - 12, 16, 16, kind) + labelOf(kind.letter, from + 8, y, kind)),
    ),
    ...entry(
      idleName,
      (from) =>
        `<rect x="${at(from + 0.5)}" y="${at(y - 11.5)}" width="15" height="15" fill="${IDLE}" stroke="${HAIRLINE}"/>`,
    ),
  ]
}

/** The timeline: a row per rank, exchanges in a band below its compute, and a legend of the kinds that occur. */
export function timelineSvg(picture: TimelinePicture): string {
  const { title, subtitle, xLabel, rows, rowName, idleName, timeName, cells, kinds } = picture
  const left = 24 + Math.max(...Array.from({ length: rows }, (_, row) => widthOf(rowName(row), 12)), 0) + 10
  let [low, high] = [Infinity, -Infinity]
  for (const { start, end } of cells) [low, high] = [Math.min(low, start), Math.max(high, end)]
  if (!(high > low)) [low, high] = [0, 1]
  const px = (time: number) => left + ((time - low) / (high - low)) * (RIGHT - left)
  const bottom = TOP + rows * ROW
  const shown = Object.entries(kinds).filter(([name]) => cells.some(({ kind }) => kind === name))
  const banded = shown.some(([, { isBand: beside }]) => beside)
  const inner = ROW - GAP
  const compute = banded ? inner - BAND - 1 : inner
  const drawn = cells.flatMap(({ row, start, end, kind, label }) => {
    const style = kinds[kind]
    if (!style) return []
    const [x, until] = [px(start), px(end)]
    const width = Math.max(0.5, until - x - (until - x > 5 ? 1 : 0))
    const y = TOP + row * ROW + (style.isBand ? compute + 1 : 0)
    const height = style.isBand ? BAND : compute
    const tooltip = `${label} · ${style.name} · ${timeName(start - low)} – ${timeName(end - low)}`
    const fits = !style.isBand && widthOf(label, 11) + 4 <= width
    return [
      boxOf(x, y, width, height, style, tooltip) +
        (fits ? labelOf(label, x + width / 2, y + compute / 2 + 4, style) : ''),
    ]
  })
  return svgFile(WIDTH, bottom + 88, `${title}. ${subtitle}`, [
    hatchPatterns(shown.map(([, { hatch }]) => hatch)),
    textAt(24, 32, title, { size: 18, weight: 650 }),
    textAt(24, 52, subtitle, { fill: FAINT }),
    ...Array.from({ length: rows }, (_, row) => [
      textAt(left - 10, TOP + row * ROW + inner / 2 + 4, rowName(row), { anchor: 'end', fill: INK }),
      `<rect x="${at(left)}" y="${TOP + row * ROW}" width="${at(RIGHT - left)}" height="${inner}" fill="${IDLE}"/>`,
    ]).flat(),
    ...drawn,
    ...roundTicks(0, high - low, 10).flatMap((time) => [
      `<path d="M${at(px(low + time))} ${bottom}v6" stroke="${FAINT}"/>`,
      textAt(px(low + time), bottom + 22, timeName(time), { anchor: 'middle', fill: FAINT, size: 11 }),
    ]),
    textAt((left + RIGHT) / 2, bottom + 42, xLabel, { anchor: 'middle', fill: FAINT }),
    ...legendOf(
      shown.map(([, kind]) => kind),
      idleName,
      left,
      bottom + 70,
    ),
  ])
}
