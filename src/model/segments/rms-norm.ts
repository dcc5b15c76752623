import { plus, times } from '../../core/expression.ts'
import type { SegmentSpec, SizeExpression } from '../segment.ts'
import { call, f32, working } from '../segment.ts'

const RC: SizeExpression = times('R', 'C')

/** y = x · rstd · γ with rstd = 1/√(mean x² + ε). Its own gradient belongs to the input half, as a layer norm's does. */
export const rmsNorm: SegmentSpec = {
  kind: 'rmsNorm',
  parameters: { gamma: { shape: ['C'], cut: null } },
  makes: { stats: f32('R') },
  gradients: {},
  edges: { x: working(RC), y: working(RC), dy: working(RC), upstream: working(RC), dx: working(RC) },
  forward: [
    call(
      'rms_norm_forward',
      { x: 'x', gamma: 'gamma', y: 'y', stats: 'stats' },
      { rows: 'R', C: 'C', epsilon: 'epsilon' },
      times(5, 'R', 'C'),
      times(2, 'R', 'C'),
    ),
  ],
  input: [
    call(
      'rms_norm_backward_input',
      { dy: 'dy', x: 'x', gamma: 'gamma', stats: 'stats', upstream: 'upstream', dx: 'dx' },
      { rows: 'R', C: 'C', useUpstream: 'upstream' },
      times(9, 'R', 'C'),
      times(plus(3, 'upstream'), 'R', 'C'),
    ),
    call(
      'rms_norm_backward_weight',
      { dy: 'dy', x: 'x', stats: 'stats', dgamma: 'dgamma' },
      { rows: 'R', C: 'C', accumulate: 'accumulate' },
      times(3, 'R', 'C'),
      times(2, 'R', 'C'),
    ),
  ],
  weight: [],
}
