import { minus, over, plus, symbolsOf, textOf, times, valueOf } from '../../core/expression.ts'
import { requestOf } from '../../comm/request.ts'
import { collectiveBytes } from '../../comm/traffic.ts'
import type { ModelConfig } from '../../config/types.ts'
import type { Half, SegmentKind } from '../../core/segments.ts'
import { HALVES } from '../../core/segments.ts'
import type { KernelName } from '../../model/kernels.ts'
import { segmentOf } from '../../model/segments/registry.ts'
import type { CollectiveOp, ComputeOp } from '../../schedule/program.ts'
import type { FormulaExpression, Formula, SymbolName } from './formula.ts'
import { formulaFor } from './formula.ts'
import { rowsAsTokens, shown, valuesOf } from './tensor-formulas.ts'

/**
 * Floating-point operations of a segment as usually counted: the matrix products, and attention without causality,
 * which costs twice as much backward (arXiv:2104.04473, section 5.1). Norms, residuals and the loss are memory-bound
 * and negligible.
 */
const ATTENTION: Partial<Record<KernelName, FormulaExpression>> = {
  attention_forward: times(4, 'B', 'NH', 'T', 'T', 'HS'),
  attention_backward_query: times(4, 'B', 'NH', 'T', 'T', 'HS'),
  attention_backward_key_value: times(4, 'B', 'NH', 'T', 'T', 'HS'),
}

function products(kind: SegmentKind, half: Half): FormulaExpression[] {
  return segmentOf(kind)[half].flatMap(({ kernel, flops }) => {
    const attention = ATTENTION[kernel]
    if (attention !== undefined) return [attention]
    return kernel.startsWith('matmul_') ? [shown(flops)] : []
  })
}

/** Pieces of the head work on some of the rows, everything else on all of a micro-batch. */
function isPiece({ segment }: ComputeOp): boolean {
  return segment.kind === 'logits'
}

/** Floating-point operations of a compute op; null where it has no matrix product. */
export function flopFormula(op: ComputeOp, model: ModelConfig): Formula | null {
  const halves: readonly Half[] = HALVES[op.kind]
  const terms = halves
    .flatMap((half) => products(op.segment.kind, half))
    .map((each) => (isPiece(op) ? each : rowsAsTokens(each)))
  const [only] = terms
  if (only === undefined) return null
  const expression = terms.length === 1 ? only : plus(...terms)
  const values = valuesOf(op, model)
  return { of: 'flop', expression, values, value: valueOf(expression, values) }
}

/**
 * Floating-point operations of several ops of one rank and micro-batch: equal products once, with their count; chunks
 * of the head as one with all their tokens. null where no op has a product, or sizes of one letter differ.
 */
export function flopSumFormula(ops: readonly ComputeOp[], model: ModelConfig): Formula | null {
  const products = ops.flatMap((op) => flopFormula(op, model) ?? [])
  const counts = new Map<string, { readonly expression: FormulaExpression; count: number }>()
  const values: Partial<Record<SymbolName, number>> = {}
  for (const product of products) {
    const key = textOf(product.expression, (symbol) => symbol)
    const known = counts.get(key)
    const isOfRows = symbolsOf(product.expression).includes('R')
    for (const symbol of symbolsOf(product.expression)) {
      const value = product.values[symbol]
      if (value === undefined) return null
      if (symbol === 'R' && known) values.R = (values.R ?? 0) + value
      else if (values[symbol] !== undefined && values[symbol] !== value) return null
      else values[symbol] = value
    }
    if (!known) counts.set(key, { expression: product.expression, count: 1 })
    else if (!isOfRows) known.count++
  }
  const terms = [...counts.values()].map(({ expression, count }) =>
    count === 1 ? expression : times(count, expression),
  )
  const [only] = terms
  if (only === undefined) return null
  const expression = terms.length === 1 ? only : plus(...terms)
  return { of: 'flop', expression, values, value: valueOf(expression, values) }
}

const REST: FormulaExpression = over(minus('n', 1), 'n')

/** What a member sends, by algorithm and kind; the actual count decides which formula holds (comm/traffic.ts). */
const SENT: readonly FormulaExpression[] = [
  times(2, REST, 'S'),
  times(REST, 'S'),
  'S',
  over('S', 'n'),
  times(minus('n', 1), 'S'),
  times('k', 'S'),
]
const BY_KIND: Partial<Record<CollectiveOp['kind'], readonly FormulaExpression[]>> = {
  allReduce: [times(2, REST, 'S')],
  reduceScatter: [times(REST, 'S')],
  allGather: [times(REST, 'S')],
}

/**
 * Bytes of a collective's whole vector, and the formula of what this rank sends; null where its share follows no simple
 * rule.
 */
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
