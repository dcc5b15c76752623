import type { Expression as ExpressionOf, Values as ValuesOf } from '../../core/expression.ts'
import { valueOf } from '../../core/expression.ts'
import type { SizeSymbol } from '../../model/segment.ts'

/** Names of quantities in formulas; what each means stands in the page's texts. */
export type SymbolName =
  | Exclude<
      SizeSymbol,
      'valid' | 'vocabStart' | 'rowStart' | 'epsilon' | 'logTheta' | 'accumulate' | 'upstream' | 'first'
    >
  | 'n'
  | 'S'
  | 'P'
  | 'k'
  | 'M'
  | 'E'
  | 'G'
  | 'par'
  | 'grad'
  | 'opt'
  | 'act'
  | 'com'
  | 'work'
  | 'free'

export type FormulaExpression = ExpressionOf<SymbolName>
export type FormulaValues = ValuesOf<SymbolName>

/** A formula with the numbers of one case. */
export interface Formula {
  /** What it gives. */
  readonly of: 'bytes' | 'flop' | 'sent' | 'parameters' | 'gradients' | 'optimizer' | 'activations' | 'peak'
  readonly expression: FormulaExpression
  readonly values: FormulaValues
  /** What it gives with these numbers. */
  readonly value: number
}

/** The first of the candidates that comes to `counted`, give or take `slack`; null where none does: a formula that is not so is never shown. */
export function formulaFor(
  of: Formula['of'],
  candidates: readonly FormulaExpression[],
  values: FormulaValues,
  counted: number,
  slack = 0,
): Formula | null {
  for (const expression of candidates) {
    const value = valueOf(expression, values)
    if (Math.abs(value - counted) <= slack) return { of, expression, values, value }
  }
  return null
}
