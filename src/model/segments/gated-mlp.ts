import { times } from '../../core/expression.ts'
import type { SegmentSpec, SizeExpression } from '../segment.ts'
import { call, product, working } from '../segment.ts'

const ROWS = working(times('R', 'C'))
const PAIR: SizeExpression = times(2, 'F')
const BOTH = working(times('R', 2, 'F'))

/** p = down(silu(gate n) · up n), weights [out, in]; gate and up are adjacent in a row of gu. */
export const gatedMlp: SegmentSpec = {
  kind: 'gatedMlp',
  parameters: {
    wgate: { shape: ['F', 'C'], cut: { kind: 'rows' } },
    wup: { shape: ['F', 'C'], cut: { kind: 'rows' } },
    wdown: { shape: ['C', 'F'], cut: { kind: 'columns' } },
  },
  makes: { gu: BOTH, g: working(times('R', 'F')) },
  saves: { activated: { ...working(times('R', 'F')), when: ['unfused'] } },
  gradients: { dgu: BOTH },
  edges: { n: ROWS, p: ROWS, dp: ROWS, dn: ROWS },
  forward: [
    product('matmul_nt', { a: 'n', b: 'wgate', c: 'gu' }, ['R', 'F', 'C'], { ldc: PAIR }),
    product('matmul_nt', { a: 'n', b: 'wup', c: 'gu' }, ['R', 'F', 'C'], { cOffset: 'F', ldc: PAIR }),
    call('swiglu_forward', { gu: 'gu', g: 'g' }, { rows: 'R', F: 'F' }, times(6, 'R', 'F'), times(3, 'R', 'F')),
    product('matmul_nt', { a: 'g', b: 'wdown', c: 'p' }, ['R', 'C', 'F']),
  ],
  input: [
    product('matmul_nn', { a: 'dp', b: 'wdown', c: 'dgu' }, ['R', 'F', 'C'], { ldc: PAIR }),
    call('swiglu_backward', { gu: 'gu', dgu: 'dgu' }, { rows: 'R', F: 'F' }, times(14, 'R', 'F'), times(5, 'R', 'F')),
    product('matmul_nn', { a: 'dgu', b: 'wgate', c: 'dn' }, ['R', 'C', 'F'], { lda: PAIR }),
    product('matmul_nn', { a: 'dgu', b: 'wup', c: 'dn' }, ['R', 'C', 'F'], { aOffset: 'F', lda: PAIR, sums: true }),
  ],
  weight: [
    product('matmul_tn', { a: 'dp', b: 'g', c: 'dwdown' }, ['C', 'F', 'R'], { adds: true }),
    product('matmul_tn', { a: 'dgu', b: 'n', c: 'dwgate' }, ['F', 'C', 'R'], { adds: true, lda: PAIR }),
    product('matmul_tn', { a: 'dgu', b: 'n', c: 'dwup' }, ['F', 'C', 'R'], { adds: true, aOffset: 'F', lda: PAIR }),
  ],
}
