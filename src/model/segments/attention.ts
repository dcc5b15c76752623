import { times } from '../../core/expression.ts'
import type { SegmentSpec, SizeExpression } from '../segment.ts'
import { biasGradient, product, working } from '../segment.ts'
import {
  ATTENTION_GRADIENTS,
  ATTENTION_MAKES,
  ATTENTION_SAVES,
  Q_WIDTH,
  attentionBackward,
  attentionForward,
} from './attention-kernels.ts'

/** As many key and value heads as query heads: thirds of equal width. */
const QKV: SizeExpression = times(3, 'NH', 'HS')
const ROWS = working(times('R', 'C'))

/**
 * qkv product, causal attention, row-parallel product: from n (all rows) to p, this rank's part of the sum over its
 * tensor group.
 */
export const attention: SegmentSpec = {
  kind: 'attention',
  parameters: {
    wqkv: { shape: ['C', QKV], cut: { kind: 'qkv' } },
    bqkv: { shape: [QKV], cut: { kind: 'qkv' } },
    wproj: { shape: [Q_WIDTH, 'C'], cut: { kind: 'rows' } },
  },
  makes: { ...ATTENTION_MAKES, qkv: working(times('R', 3, 'NH', 'HS')) },
  saves: ATTENTION_SAVES,
  gradients: { ...ATTENTION_GRADIENTS, dqkv: working(times('R', 3, 'NH', 'HS')) },
  edges: { n: ROWS, p: ROWS, dp: ROWS, dn: ROWS },
  forward: [
    product('matmul_nn', { a: 'n', b: 'wqkv', bias: 'bqkv', c: 'qkv' }, ['R', QKV, 'C']),
    attentionForward,
    product('matmul_nn', { a: 'o', b: 'wproj', c: 'p' }, ['R', 'C', Q_WIDTH]),
  ],
  input: [
    product('matmul_nt', { a: 'dp', b: 'wproj', c: 'dout' }, ['R', Q_WIDTH, 'C']),
    ...attentionBackward,
    product('matmul_nt', { a: 'dqkv', b: 'wqkv', c: 'dn' }, ['R', 'C', QKV]),
  ],
  weight: [
    product('matmul_tn', { a: 'o', b: 'dp', c: 'dwproj' }, [Q_WIDTH, 'C', 'R'], { adds: true }),
    product('matmul_tn', { a: 'n', b: 'dqkv', c: 'dwqkv' }, ['C', QKV, 'R'], { adds: true }),
    biasGradient('dqkv', 'dbqkv', QKV),
  ],
  core: { kind: 'attentionCore', makes: ['o', 'lse'] },
}

/** Attention only, from the saved q, k and v. */
export const attentionCore: SegmentSpec = {
  kind: 'attentionCore',
  parameters: {},
  makes: ATTENTION_MAKES,
  saves: ATTENTION_SAVES,
  gradients: {},
  edges: {},
  forward: [attentionForward],
  input: [],
  weight: [],
}
