import type { RunConfig } from '../../config/types.ts'
import { over, plus, times } from '../../core/expression.ts'
import type { Category } from '../../core/bytes.ts'
import { parameterCount } from '../../model/parameters.ts'
import type { FormulaExpression, Formula, SymbolName } from './formula.ts'
import { formulaFor } from './formula.ts'

/** Element size: execution is in f32 and u32. */
const ELEMENT_BYTES = 4

/** Contents of a device at its memory peak, in bytes. */
export interface HeldBytes extends Readonly<Record<Category, number>> {
  /** Parameters gathered temporarily. */
  readonly gathered: number
  /** Free, kept for reuse. */
  readonly free: number
}

/** Letters of the parts of a peak, in the order of the bars. */
const PARTS: readonly (readonly [SymbolName, Category | 'free'])[] = [
  ['par', 'parameters'],
  ['grad', 'gradients'],
  ['opt', 'optimizer'],
  ['act', 'activations'],
  ['com', 'communication'],
  ['work', 'workspace'],
  ['free', 'free'],
]

/** Bytes per element: of the whole model, of an equal share of it, or of what this rank happens to hold. */
const kept = (...perElement: readonly FormulaExpression[]): FormulaExpression[] => [
  times(...perElement, 'M'),
  over(times(...perElement, 'M'), 'n'),
  times(...perElement, 'E'),
]

/** Contents of a device by kind, and its peak as their sum; absent kinds are omitted. */
export function deviceFormulas(held: HeldBytes, { model, parallel, optimizer }: RunConfig): Formula[] {
  const elements = (of: 'parameters' | 'gradients' | 'optimizer' | 'activations'): Formula[] => {
    const gathered = of === 'parameters' ? held.gathered : 0
    const own = held[of] - gathered
    if (held[of] === 0) return []
    // AdamW keeps two moments per parameter.
    const perElement = of === 'optimizer' && optimizer.kind === 'adamw' ? [2, ELEMENT_BYTES] : [ELEMENT_BYTES]
    const candidates = of === 'activations' ? [times(ELEMENT_BYTES, 'E')] : kept(...perElement)
    const values = {
      M: parameterCount(model),
      n: parallel.data,
      E: own / perElement.reduce((a, b) => a * b),
      G: gathered / ELEMENT_BYTES,
    }
    const whole = candidates.map((each) => (gathered === 0 ? each : plus(each, times(ELEMENT_BYTES, 'G'))))
    return [formulaFor(of, whole, values, held[of])].filter((each) => each !== null)
  }
  const parts = PARTS.filter(([, part]) => held[part] > 0)
  const values = Object.fromEntries(parts.map(([symbol, part]) => [symbol, held[part]]))
  const total = parts.reduce((sum, [, part]) => sum + held[part], 0)
  return [
    ...elements('parameters'),
    ...elements('gradients'),
    ...elements('optimizer'),
    ...elements('activations'),
    { of: 'peak', expression: plus(...parts.map(([symbol]) => symbol)), values, value: total },
  ]
}
