import { times } from '../../core/expression.ts'
import type { Call, SegmentSpec, SizeExpression } from '../segment.ts'
import { call, f32, product, u32, working } from '../segment.ts'

const RV: SizeExpression = times('R', 'V')
const RC = working(times('R', 'C'))
const LOGITS = working(RV)
const ROW_START: SizeExpression = times('rowStart', 'C')
const COLUMNS = { rows: 'R', V: 'V', valid: 'valid', rowStart: 'rowStart' } as const

const EDGES = {
  targets: u32(times('B', 'T')),
  weights: f32(times('B', 'T')),
  logits: LOGITS,
  losses: f32(times('B', 'T')),
  lossSum: f32(1),
  stats: f32(times('R', 3)),
  all: f32(times('R', 3, 't')),
}

/** After the last chunk of rows: adds the micro-batch's losses to the step's sum. */
const lossSum: Call = {
  ...call(
    'sum',
    { values: 'losses', target: 'lossSum' },
    { n: times('B', 'T'), accumulate: 'accumulate' },
    times('B', 'T'),
    times('B', 'T'),
  ),
  when: 'last rows',
}

/** logits = y · wteᵀ, for a chunk of rows; in backward the logits' gradient replaces the logits. */
export const logits: SegmentSpec = {
  kind: 'logits',
  parameters: { wte: { shape: ['V', 'C'], cut: { kind: 'vocab' } } },
  makes: { logits: LOGITS },
  gradients: {},
  edges: { y: RC, dy: RC },
  forward: [product('matmul_nt', { a: 'y', b: 'wte', c: 'logits' }, ['R', 'V', 'C'], { aOffset: ROW_START })],
  input: [product('matmul_nn', { a: 'logits', b: 'wte', c: 'dy' }, ['R', 'C', 'V'], { cOffset: ROW_START })],
  weight: [
    product('matmul_tn', { a: 'logits', b: 'y', c: 'dwte' }, ['V', 'C', 'R'], { adds: true, bOffset: ROW_START }),
  ],
}

const LOSS = { parameters: {}, makes: {}, gradients: {}, edges: EDGES, input: [], weight: [] } as const

/** Softmax cross-entropy of a chunk of logits, in place. */
export const loss: SegmentSpec = {
  ...LOSS,
  kind: 'loss',
  forward: [
    call(
      'cross_entropy',
      { targets: 'targets', weights: 'weights', logits: 'logits', losses: 'losses' },
      COLUMNS,
      times(8, 'R', 'V'),
      times(3, 'R', 'V'),
    ),
    lossSum,
  ],
}

/** Each tensor rank's maximum, sum and target logit over its columns. */
export const lossStats: SegmentSpec = {
  ...LOSS,
  kind: 'lossStats',
  forward: [
    call(
      'softmax_stats',
      { logits: 'logits', targets: 'targets', stats: 'stats' },
      { rows: 'R', V: 'V', valid: 'valid', vocabStart: 'vocabStart', rowStart: 'rowStart' },
      times(5, 'R', 'V'),
      RV,
    ),
  ],
}

/** The loss from all ranks' statistics. */
export const lossSharded: SegmentSpec = {
  ...LOSS,
  kind: 'lossSharded',
  forward: [
    call(
      'cross_entropy_sharded',
      { targets: 'targets', weights: 'weights', all: 'all', logits: 'logits', losses: 'losses' },
      { rows: 'R', V: 'V', valid: 'valid', vocabStart: 'vocabStart', rowStart: 'rowStart', group: 't' },
      times(5, 'R', 'V'),
      times(2, 'R', 'V'),
    ),
    lossSum,
  ],
}
