import { plus, times } from '../../core/expression.ts'
import type { Call, SegmentSpec, SizeExpression } from '../segment.ts'
import { call, product, working } from '../segment.ts'
import {
  ATTENTION_GRADIENTS,
  ATTENTION_MAKES,
  ATTENTION_SAVES,
  KV_WIDTH,
  QKV_WIDTH,
  Q_WIDTH,
  attentionBackward,
  attentionForward,
} from './attention-kernels.ts'

const ROWS = working(times('R', 'C'))

/** The three projections, and the offsets of their columns in a row of q, k and v. */
const PROJECTIONS: readonly (readonly [weight: string, width: SizeExpression, from: SizeExpression])[] = [
  ['wq', Q_WIDTH, 0],
  ['wk', KV_WIDTH, Q_WIDTH],
  ['wv', KV_WIDTH, times(plus('NH', 'KV'), 'HS')],
]

/** Elements of the query and key heads. */
const TURNED: SizeExpression = times('R', plus('NH', 'KV'), 'HS')

/** Rotates query and key heads by their positions, in place; −1 rotates gradients back. */
function rotate(qkv: 'qkv' | 'dqkv', direction: 1 | -1): Call {
  return call(
    'rotary_embedding',
    { qkv },
    { rows: 'R', T: 'T', NH: 'NH', KV: 'KV', HS: 'HS', start: 0, logTheta: 'logTheta', direction },
    times(3, TURNED),
    times(2, TURNED),
  )
}

/**
 * LLaMA's attention: query, key and value products with weights [out, in], rotary positions on halves of a head,
 * grouped-query attention (NH/KV adjacent heads share keys and values), and the row-parallel product.
 */
export const rotaryAttention: SegmentSpec = {
  kind: 'rotaryAttention',
  parameters: {
    wq: { shape: [Q_WIDTH, 'C'], cut: { kind: 'rows' } },
    wk: { shape: [KV_WIDTH, 'C'], cut: { kind: 'rows' } },
    wv: { shape: [KV_WIDTH, 'C'], cut: { kind: 'rows' } },
    wo: { shape: ['C', Q_WIDTH], cut: { kind: 'columns' } },
  },
  makes: ATTENTION_MAKES,
  saves: { ...ATTENTION_SAVES, rotated: { ...working(TURNED), when: ['unfused'] } },
  gradients: ATTENTION_GRADIENTS,
  edges: { n: ROWS, p: ROWS, dp: ROWS, dn: ROWS },
  forward: [
    ...PROJECTIONS.map(([weight, width, cOffset]) =>
      product('matmul_nt', { a: 'n', b: weight, c: 'qkv' }, ['R', width, 'C'], { cOffset, ldc: QKV_WIDTH }),
    ),
    rotate('qkv', 1),
    attentionForward,
    product('matmul_nt', { a: 'o', b: 'wo', c: 'p' }, ['R', 'C', Q_WIDTH]),
  ],
  input: [
    product('matmul_nn', { a: 'dp', b: 'wo', c: 'dout' }, ['R', Q_WIDTH, 'C']),
    ...attentionBackward,
    rotate('dqkv', -1),
    ...PROJECTIONS.map(([weight, width, aOffset], i) =>
      product('matmul_nn', { a: 'dqkv', b: weight, c: 'dn' }, ['R', 'C', width], {
        aOffset,
        lda: QKV_WIDTH,
        ...(i > 0 ? { sums: true } : {}),
      }),
    ),
  ],
  weight: [
    product('matmul_tn', { a: 'dp', b: 'o', c: 'dwo' }, ['C', Q_WIDTH, 'R'], { adds: true }),
    ...PROJECTIONS.map(([weight, width, aOffset]) =>
      product('matmul_tn', { a: 'dqkv', b: 'n', c: `d${weight}` }, [width, 'C', 'R'], {
        adds: true,
        aOffset,
        lda: QKV_WIDTH,
      }),
    ),
  ],
  core: { kind: 'attentionCore', makes: ['o', 'lse'] },
}
