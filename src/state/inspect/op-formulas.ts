import { requestOf } from '../../comm/request.ts'
import { collectiveBytes } from '../../comm/traffic.ts'
import type { ModelConfig } from '../../config/types.ts'
import type { SegmentKind } from '../../core/segments.ts'
import type { CollectiveOp, ComputeOp } from '../../schedule/program.ts'
import type { Expression, Formula, SymbolName } from './formula.ts'
import { formulaFor, minus, over, plus, symbolsOf, textOf, times, valueOf } from './formula.ts'
import { valuesOf } from './tensor-formulas.ts'

/** A multiply and an add for each weight and token; twice over for scores and their product with the values. */
const SCORES = times(4, 'B', 'H', 'T', 'T', 'D')
const QKV = times(2, 'B', 'T', 'C', 3, 'H', 'D')
const PROJECTION = times(2, 'B', 'T', 'H', 'D', 'C')

type Half = 'forward' | 'input' | 'weight'

/**
 * Floating-point operations of a segment's matrix products: 2 per weight and token forward, as many again for the inputs'
 * gradient and for the weights'; attention itself, causality not counted, has no weights and costs twice as much backward
 * (arXiv:2104.04473, section 5.1). Norms, residuals and the loss move memory and multiply next to nothing.
 */
const PRODUCTS: Partial<Record<SegmentKind, Readonly<Record<Half, Expression>>>> = {
  attention: {
    forward: plus(QKV, SCORES, PROJECTION),
    input: plus(QKV, times(8, 'B', 'H', 'T', 'T', 'D'), PROJECTION),
    weight: plus(QKV, PROJECTION),
  },
  attentionCore: { forward: SCORES, input: times(8, 'B', 'H', 'T', 'T', 'D'), weight: 0 },
  mlp: {
    forward: times(4, 'B', 'T', 'C', 'F'),
    input: times(4, 'B', 'T', 'C', 'F'),
    weight: times(4, 'B', 'T', 'C', 'F'),
  },
  logits: { forward: times(2, 'R', 'V', 'C'), input: times(2, 'R', 'V', 'C'), weight: times(2, 'R', 'V', 'C') },
}

const WHOLE_BACKWARD: Partial<Record<SegmentKind, Expression>> = {
  attention: plus(times(2, QKV), times(8, 'B', 'H', 'T', 'T', 'D'), times(2, PROJECTION)),
  attentionCore: times(8, 'B', 'H', 'T', 'T', 'D'),
  mlp: times(8, 'B', 'T', 'C', 'F'),
  logits: times(4, 'R', 'V', 'C'),
}

/** Floating-point operations of a compute op; null where it has no matrix product. */
export function flopFormula(op: ComputeOp, model: ModelConfig): Formula | null {
  const products = PRODUCTS[op.segment.kind]
  if (!products) return null
  const expression =
    op.kind === 'backward'
      ? WHOLE_BACKWARD[op.segment.kind]
      : products[op.kind === 'backwardInput' ? 'input' : op.kind === 'backwardWeight' ? 'weight' : 'forward']
  if (expression === undefined || expression === 0) return null
  const values = valuesOf(op, model)
  return { of: 'flop', expression, values, value: valueOf(expression, values) }
}

/**
 * Floating-point operations of several ops of one rank and micro-batch: equal products once, with how often they occur;
 * pieces of the head as one with the tokens of all. null where no op has a product, or sizes of one letter differ.
 */
export function flopSumFormula(ops: readonly ComputeOp[], model: ModelConfig): Formula | null {
  const products = ops.flatMap((op) => flopFormula(op, model) ?? [])
  const counts = new Map<string, { readonly expression: Expression; count: number }>()
  const values: Partial<Record<SymbolName, number>> = {}
  for (const product of products) {
    const key = textOf(product.expression, (symbol) => symbol)
    const known = counts.get(key)
    const isPiece = symbolsOf(product.expression).includes('R')
    for (const symbol of symbolsOf(product.expression)) {
      const value = product.values[symbol]
      if (value === undefined) return null
      if (symbol === 'R' && known) values.R = (values.R ?? 0) + value
      else if (values[symbol] !== undefined && values[symbol] !== value) return null
      else values[symbol] = value
    }
    if (!known) counts.set(key, { expression: product.expression, count: 1 })
    else if (!isPiece) known.count++
  }
  const terms = [...counts.values()].map(({ expression, count }) =>
    count === 1 ? expression : times(count, expression),
  )
  const [only] = terms
  if (only === undefined) return null
  const expression = terms.length === 1 ? only : plus(...terms)
  return { of: 'flop', expression, values, value: valueOf(expression, values) }
}

const REST = over(minus('n', 1), 'n')

/** What a member sends, by algorithm and kind; which of them holds is decided by the count (comm/traffic.ts). */
const SENT: readonly Expression[] = [
  times(2, REST, 'S'),
  times(REST, 'S'),
  'S',
  over('S', 'n'),
  times(minus('n', 1), 'S'),
  times('k', 'S'),
]
const BY_KIND: Partial<Record<CollectiveOp['kind'], readonly Expression[]>> = {
  allReduce: [times(2, REST, 'S')],
  reduceScatter: [times(REST, 'S')],
  allGather: [times(REST, 'S')],
}

/** Bytes of the whole that a collective is about, and how they come to what this rank sends; null where its share follows no simple rule. */
export function sentFormula(
  op: CollectiveOp,
  rank: number,
): { readonly whole: number; readonly sent: number; readonly received: number; readonly formula: Formula | null } {
  const request = requestOf(op)
  const { sent, received } = collectiveBytes(request, op.group.indexOf(rank), op.elementBytes)
  const [n, S] = [op.group.length, request.elements * op.elementBytes]
  const k = Math.round(sent / Math.max(1, S))
  const candidates =
    op.algorithm === 'ring' ? (BY_KIND[op.kind] ?? SENT) : op.kind === 'allReduce' ? SENT.slice(2) : SENT
  // Parts are whole elements: members of an uneven split differ by up to two of them.
  const slack = 2 * op.elementBytes
  return {
    whole: S,
    sent,
    received,
    formula: sent === 0 ? null : formulaFor('sent', candidates, { n, S, k }, sent, slack),
  }
}
