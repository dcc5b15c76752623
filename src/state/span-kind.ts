import type { Op } from '../schedule/program.ts'

/** Kind of a timeline cell, which sets its colour, pattern and letter. */
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

/** The kind of an op on the page. */
export function spanKindOf(op: Op): SpanKind {
  switch (op.kind) {
    case 'forward':
    case 'recompute':
    case 'backward':
    case 'backwardInput':
    case 'backwardWeight':
      return op.kind
    case 'optimizerStep':
    case 'gradNorm':
      return 'optimizer'
    case 'loadBatch':
    case 'clear':
    case 'add':
    case 'report':
      return 'other'
    default:
      return 'communication'
  }
}
