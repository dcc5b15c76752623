import type { ReportSection } from './section.ts'

const SIZE = 360
const MARGIN = 48
/** More points than this are thinned evenly. */
const MAX_POINTS = 800

function text(x: number, y: number, value: string, more = ''): string {
  return `<text x="${x}" y="${y}" font-size="11" font-family="sans-serif" fill="#555" ${more}>${value}</text>`
}

function label(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString('en-US')
}

/** Measured against simulated, both logarithmic, with the line of agreement. A standalone SVG. */
export function plotOf({ points, quantity }: ReportSection): string {
  const values = points.flatMap(({ measured, simulated }) => [measured, simulated])
  const low = Math.log(Math.min(...values)) - 0.1
  const high = Math.log(Math.max(...values)) + 0.1
  const place = (value: number) => ((Math.log(value) - low) / (high - low)) * (SIZE - 2 * MARGIN)
  const x = (value: number) => (MARGIN + place(value)).toFixed(1)
  const y = (value: number) => (SIZE - MARGIN - place(value)).toFixed(1)
  const every = Math.ceil(points.length / MAX_POINTS)
  const marks = points
    .filter((_, i) => i % every === 0)
    .map(({ measured, simulated, seen }) => {
      const paint = seen ? 'fill="none" stroke="#888"' : 'fill="#2463eb" fill-opacity="0.6"'
      return `<circle cx="${x(measured)}" cy="${y(simulated)}" r="2.5" ${paint}/>`
    })
  const inner = SIZE - MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}" width="${SIZE}" height="${SIZE}">`,
    `<rect width="${SIZE}" height="${SIZE}" fill="#fff"/>`,
    `<path d="M${MARGIN} ${MARGIN}V${inner}H${inner}" fill="none" stroke="#999"/>`,
    `<path d="M${MARGIN} ${inner}L${inner} ${MARGIN}" stroke="#bbb" stroke-dasharray="4 3"/>`,
    ...marks,
    text(MARGIN, inner + 16, label(Math.exp(low))),
    text(inner, inner + 16, label(Math.exp(high)), 'text-anchor="end"'),
    text(SIZE / 2, SIZE - 12, `measured: ${quantity}`, 'text-anchor="middle"'),
    text(MARGIN, MARGIN - 10, 'simulated (filled: unseen rows)'),
    '</svg>',
    '',
  ].join('\n')
}
