import { plus, times } from '../../core/expression.ts'
import type { SizeExpression, SegmentSpec } from '../segment.ts'
import { byte, call, u32, working } from '../segment.ts'

const RC: SizeExpression = times('R', 'C')
const TOKENS = { shape: ['V', 'C'], cut: { kind: 'vocab' } } as const
const LOOKUP = { rows: 'R', T: 'T', C: 'C', vocabStart: 'vocabStart', vocabRows: 'V' } as const

const EDGES = {
  tokens: u32('R'),
  x: working(RC),
  dx: working(RC),
  segments: u32(plus(times(3, 'R'), 2)),
}

const tokenGradient = call(
  'embedding_backward_token',
  { dx: 'dx', segments: 'segments', dwte: 'dwte' },
  { capacity: 'R', C: 'C', vocabStart: 'vocabStart', vocabRows: 'V' },
  RC,
  times(3, 'R', 'C'),
)

/** x = wte[token] + wpe[position]; under tensor parallelism the rank with the first rows adds the positions. */
export const embedding: SegmentSpec = {
  kind: 'embedding',
  parameters: { wte: TOKENS, wpe: { shape: ['N', 'C'], cut: null } },
  makes: {},
  saves: { mask: { ...byte(RC), when: ['dropout'] } },
  gradients: {},
  edges: EDGES,
  forward: [
    call(
      'embedding_forward',
      { tokens: 'tokens', wte: 'wte', wpe: 'wpe', x: 'x' },
      { ...LOOKUP, addPosition: 'first' },
      RC,
      times(3, 'R', 'C'),
    ),
  ],
  input: [],
  weight: [
    tokenGradient,
    {
      ...call(
        'embedding_backward_position',
        { dx: 'dx', dwpe: 'dwpe' },
        { B: 'B', T: 'T', C: 'C', accumulate: 1 },
        RC,
        plus(RC, times(2, 'T', 'C')),
      ),
      when: { given: 'dwpe' },
    },
  ],
  allRows: true,
}

/** x = wte[token] */
export const tokenEmbedding: SegmentSpec = {
  kind: 'tokenEmbedding',
  parameters: { wte: TOKENS },
  makes: {},
  gradients: {},
  edges: EDGES,
  forward: [
    call(
      'embedding_forward',
      { tokens: 'tokens', wte: 'wte', wpe: '', x: 'x' },
      { ...LOOKUP, addPosition: 0 },
      0,
      times(2, 'R', 'C'),
    ),
  ],
  input: [],
  weight: [tokenGradient],
  allRows: true,
}
