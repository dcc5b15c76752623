import { plus, times } from '../../core/expression.ts'
import type { Call, SegmentSpec, SizeExpression } from '../segment.ts'
import { byte, call, f32, working } from '../segment.ts'

/** Width of the queries, of the keys, and of q, k and v concatenated. */
export const Q_WIDTH: SizeExpression = times('NH', 'HS')
export const KV_WIDTH: SizeExpression = times('KV', 'HS')
export const QKV_WIDTH: SizeExpression = times(plus('NH', times(2, 'KV')), 'HS')

/** Pairs of a query and a visible key, T(T + 1)/2 in every head. */
const PAIRS: SizeExpression = times(0.5, 'B', 'NH', 'T', plus('T', 1))
const HEADS = { B: 'B', T: 'T', NH: 'NH', HS: 'HS' } as const
const SIZES = { ...HEADS, KV: 'KV' } as const

export const ATTENTION_MAKES = {
  qkv: working(times('R', QKV_WIDTH)),
  o: working(times('R', 'NH', 'HS')),
  lse: f32(times('B', 'NH', 'T')),
}

const SCORES: SizeExpression = times('B', 'NH', 'T', 'T')

/** Saved by attention with materialized scores: softmax output, dropout mask, and dropout output. */
export const ATTENTION_SAVES = {
  probabilities: { ...working(SCORES), when: ['materialized'] },
  scoreMask: { ...byte(SCORES), when: ['materialized', 'dropout'] },
  dropped: { ...working(SCORES), when: ['materialized', 'dropout'] },
} as const satisfies SegmentSpec['saves']

export const ATTENTION_GRADIENTS = {
  dout: working(times('R', 'NH', 'HS')),
  delta: f32(times('B', 'NH', 'T')),
  dqkv: working(times('R', QKV_WIDTH)),
}

/** Causal softmax attention from q, k and v, without materialized scores. */
export const attentionForward: Call = call(
  'attention_forward',
  { qkv: 'qkv', o: 'o', lse: 'lse' },
  SIZES,
  times(4, 'HS', PAIRS),
  plus(times('R', QKV_WIDTH), times('R', 'NH', 'HS')),
)

/** From the output's gradient to those of q, k and v. */
export const attentionBackward: readonly Call[] = [
  call(
    'attention_backward_delta',
    { o: 'o', dout: 'dout', delta: 'delta' },
    HEADS,
    times(2, 'R', 'NH', 'HS'),
    times(2, 'R', 'NH', 'HS'),
  ),
  call(
    'attention_backward_query',
    { qkv: 'qkv', dout: 'dout', lse: 'lse', delta: 'delta', dqkv: 'dqkv' },
    SIZES,
    times(6, 'HS', PAIRS),
    plus(times('R', QKV_WIDTH), times(2, 'R', 'NH', 'HS')),
  ),
  call(
    'attention_backward_key_value',
    { qkv: 'qkv', dout: 'dout', lse: 'lse', delta: 'delta', dqkv: 'dqkv' },
    SIZES,
    times(8, 'HS', PAIRS),
    plus(times('R', QKV_WIDTH), times('R', 'NH', 'HS'), times(2, 'R', 'KV', 'HS')),
  ),
]
