import type { Expression as ExpressionOf, Values as ValuesOf } from '../../core/expression.ts'
import { valueOf } from '../../core/expression.ts'
import type { SizeSymbol } from '../../model/segment.ts'

/** Names of quantities in formulas; the page's texts explain them. */
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
  /** The computed quantity. */
  readonly of: 'bytes' | 'flop' | 'sent' | 'parameters' | 'gradients' | 'optimizer' | 'activations' | 'peak'
  readonly expression: FormulaExpression
  readonly values: FormulaValues
  /** Its value with these numbers. */
  readonly value: number
}

/** The first of the candidates equal to `counted`, within `slack`; null if none is: a wrong formula is never shown. */
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
