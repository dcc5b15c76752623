import { plus, times } from '../../core/expression.ts'
import type { SegmentSpec, SizeExpression } from '../segment.ts'
import { call, f32, working } from '../segment.ts'

const RC: SizeExpression = times('R', 'C')
const VECTOR = { shape: ['C'], cut: null } as const

/**
 * y = (x − mean) · rstd · γ + β. Its own gradients are small and need dy, which nobody keeps: they belong to the input
 * half.
 */
export const norm: SegmentSpec = {
  kind: 'norm',
  parameters: { gamma: VECTOR, beta: VECTOR },
  makes: { stats: f32(times('R', 2)) },
  gradients: {},
  edges: { x: working(RC), y: working(RC), dy: working(RC), upstream: working(RC), dx: working(RC) },
  forward: [
    call(
      'layer_norm_forward',
      { x: 'x', gamma: 'gamma', beta: 'beta', y: 'y', stats: 'stats' },
      { rows: 'R', C: 'C', epsilon: 'epsilon' },
      times(8, 'R', 'C'),
      times(2, 'R', 'C'),
    ),
  ],
  input: [
    call(
      'layer_norm_backward_input',
      { dy: 'dy', x: 'x', gamma: 'gamma', stats: 'stats', upstream: 'upstream', dx: 'dx' },
      { rows: 'R', C: 'C', useUpstream: 'upstream' },
      times(12, 'R', 'C'),
      times(plus(3, 'upstream'), 'R', 'C'),
    ),
    call(
      'layer_norm_backward_weight',
      { dy: 'dy', x: 'x', stats: 'stats', dgamma: 'dgamma', dbeta: 'dbeta' },
      { rows: 'R', C: 'C', accumulate: 'accumulate' },
      times(5, 'R', 'C'),
      times(2, 'R', 'C'),
    ),
  ],
  weight: [],
}
