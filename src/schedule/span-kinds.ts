/** Colour, pattern and letter of a cell in the timeline. */
export const SPAN_KINDS = [
  'forward',
  'recompute',
  'backward',
  'backwardInput',
  'backwardWeight',
  'communication',
  'optimizer',
  'other',
] as const
export type SpanKind = (typeof SPAN_KINDS)[number]

/** A whole backward or one of its halves. */
export function isBackward(kind: SpanKind): boolean {
  return kind === 'backward' || kind === 'backwardInput' || kind === 'backwardWeight'
}
