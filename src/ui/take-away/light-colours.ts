import type { SpanKind } from '../../schedule/span-kinds.ts'

/** The light theme's colours (theme/tokens.css): files are on white paper, whatever the page's theme. */
export const LINE_TRAIN = '#0072b2'
export const LINE_VALIDATION = '#a8501a'

export const OP_FILL: Readonly<Record<SpanKind, string>> = {
  forward: '#56b4e9',
  recompute: '#a9d6f2',
  backward: '#0072b2',
  backwardInput: '#e69f00',
  backwardWeight: '#d55e00',
  communication: '#cc79a7',
  optimizer: '#009e73',
  other: '#a5a09a',
}

/** Categories of memory, and their hatching. */
export const MEMORY_FILL = {
  parameters: '#0072b2',
  gradients: '#d55e00',
  optimizer: '#009e73',
  activations: '#e69f00',
  communication: '#cc79a7',
  cached: '#e9e5dc',
} as const

export const ACCENT = '#1f4e8c'
export const DANGER = '#a8321a'
export const FAINT_INK = '#6f6a60'
