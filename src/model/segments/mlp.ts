import { times } from '../../core/expression.ts'
import type { SegmentSpec } from '../segment.ts'
import { biasGradient, call, product, working } from '../segment.ts'

const ROWS = working(times('R', 'C'))
const WIDE = working(times('R', 'F'))

/** p = gelu(n · wfc + bfc) · wproj: from n (all rows) to this rank's part of the sum over its tensor group. */
export const mlp: SegmentSpec = {
  kind: 'mlp',
  parameters: {
    wfc: { shape: ['C', 'F'], cut: { kind: 'columns' } },
    bfc: { shape: ['F'], cut: { kind: 'columns' } },
    wproj: { shape: ['F', 'C'], cut: { kind: 'rows' } },
  },
  makes: { h: WIDE, g: WIDE },
  gradients: { dh: WIDE },
  edges: { n: ROWS, p: ROWS, dp: ROWS, dn: ROWS },
  forward: [
    product('matmul_nn', { a: 'n', b: 'wfc', bias: 'bfc', c: 'h' }, ['R', 'F', 'C']),
    call('gelu_forward', { h: 'h', g: 'g' }, { n: times('R', 'F') }, times(12, 'R', 'F'), times(2, 'R', 'F')),
    product('matmul_nn', { a: 'g', b: 'wproj', c: 'p' }, ['R', 'C', 'F']),
  ],
  input: [
    product('matmul_nt', { a: 'dp', b: 'wproj', c: 'dh' }, ['R', 'F', 'C']),
    call('gelu_backward', { h: 'h', dg: 'dh' }, { n: times('R', 'F') }, times(20, 'R', 'F'), times(3, 'R', 'F')),
    product('matmul_nt', { a: 'dh', b: 'wfc', c: 'dn' }, ['R', 'C', 'F']),
  ],
  weight: [
    product('matmul_tn', { a: 'g', b: 'dp', c: 'dwproj' }, ['F', 'C', 'R'], { adds: true }),
    product('matmul_tn', { a: 'n', b: 'dh', c: 'dwfc' }, ['C', 'F', 'R'], { adds: true }),
    biasGradient('dh', 'dbfc', 'F'),
  ],
}
