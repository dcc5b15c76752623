import type { SpanKind } from '../../schedule/span-kinds.ts'
import { SPAN_KINDS } from '../../schedule/span-kinds.ts'

/** Letter of a kind in cells and legends: colour is never the only distinction. */
export const LETTERS: Record<SpanKind, string> = {
  forward: 'F',
  recompute: 'R',
  backward: 'B',
  backwardInput: 'I',
  backwardWeight: 'W',
  communication: 'C',
  optimizer: 'O',
  other: '·',
}

export type Pattern = 'plain' | 'rising' | 'falling' | 'dots' | 'vertical' | 'cross'

export const PATTERNS: Record<SpanKind, Pattern> = {
  forward: 'plain',
  recompute: 'vertical',
  backward: 'falling',
  backwardInput: 'plain',
  backwardWeight: 'dots',
  communication: 'rising',
  optimizer: 'cross',
  other: 'plain',
}

/** Whether a kind's cells need light text on the light theme. */
export function isInverse(kind: SpanKind): boolean {
  return kind === 'backward'
}

export interface Palette {
  readonly fill: Record<SpanKind, string>
  readonly text: Record<SpanKind, string>
  readonly stripe: string
  readonly idle: string
  readonly ink: string
  readonly faint: string
  readonly hairline: string
  readonly accent: string
  readonly font: string
}

/** Reads the page's custom properties, so that the canvas follows the theme. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element)
  const token = (name: string) => style.getPropertyValue(name).trim()
  const byKind = (pick: (kind: SpanKind) => string) =>
    Object.fromEntries(SPAN_KINDS.map((kind) => [kind, pick(kind)])) as Record<SpanKind, string>
  return {
    fill: byKind((kind) => token(`--op-${kind}`)),
    text: byKind((kind) => token(isInverse(kind) ? '--op-text-inverse' : '--op-text')),
    stripe: token('--op-stripe'),
    idle: token('--idle'),
    ink: token('--ink'),
    faint: token('--ink-3'),
    hairline: token('--hairline'),
    accent: token('--accent'),
    font: token('--font'),
  }
}

/** An 8 × 8 tile of a pattern in one colour. */
export function drawTile(context: CanvasRenderingContext2D, pattern: Pattern, colour: string): void {
  context.strokeStyle = colour
  context.fillStyle = colour
  context.lineWidth = 1.25
  context.beginPath()
  const line = (x0: number, y0: number, x1: number, y1: number) => {
    context.moveTo(x0, y0)
    context.lineTo(x1, y1)
  }
  if (pattern === 'rising' || pattern === 'cross') for (const at of [-8, 0, 8]) line(at, 8, at + 8, 0)
  if (pattern === 'falling' || pattern === 'cross') for (const at of [-8, 0, 8]) line(at, 0, at + 8, 8)
  if (pattern === 'vertical') for (const at of [2, 6]) line(at, 0, at, 8)
  context.stroke()
  if (pattern === 'dots')
    for (const [x, y] of [
      [2, 2],
      [6, 6],
    ] as const) {
      context.beginPath()
      context.arc(x, y, 1, 0, 2 * Math.PI)
      context.fill()
    }
}
