import { times } from '../../core/expression.ts'
import type { Call, SegmentSpec } from '../segment.ts'
import { biasGradient, byte, call, working } from '../segment.ts'

const ROWS = working(times('R', 'C'))

function add(useBias: 0 | 1): Call {
  return call(
    'bias_residual',
    { x: 'x', p: 'p', bias: useBias ? 'bias' : '', out: 'out' },
    { rows: 'R', C: 'C', useBias },
    times(1 + useBias, 'R', 'C'),
    times(3, 'R', 'C'),
  )
}

/** out = x + p + bias; the gradient of x and p is that of out. */
export const biasResidual: SegmentSpec = {
  kind: 'biasResidual',
  parameters: { bias: { shape: ['C'], cut: null } },
  makes: {},
  saves: { mask: { ...byte(times('R', 'C')), when: ['dropout'] } },
  gradients: {},
  edges: { x: ROWS, p: ROWS, out: ROWS, dp: ROWS },
  forward: [add(1)],
  input: [],
  weight: [biasGradient('dp', 'dbias', 'C')],
}

/** out = x + p */
export const plainResidual: SegmentSpec = {
  ...biasResidual,
  kind: 'residual',
  parameters: {},
  saves: {},
  forward: [add(0)],
  weight: [],
}
