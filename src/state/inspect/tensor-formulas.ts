import type { ModelConfig } from '../../config/types.ts'
import { WORD_BYTES } from '../../core/dtypes.ts'
import { over, times, withSymbol } from '../../core/expression.ts'
import { modelSizes, parameterTable } from '../../model/parameters.ts'
import type { SizeExpression, SizeSymbol } from '../../model/segment.ts'
import { segmentOf } from '../../model/segments/registry.ts'
import { isCompute } from '../../schedule/op-kinds.ts'
import type { BufferSpec, ComputeOp, Op, RankProgram } from '../../schedule/program.ts'
import type { FormulaExpression, Formula, SymbolName, FormulaValues } from './formula.ts'
import { formulaFor } from './formula.ts'

const TOKENS: FormulaExpression = times('B', 'T')

/** Symbols not shown in any formula: positions within a vector and flags. */
const HIDDEN: ReadonlySet<SizeSymbol> = new Set([
  'valid',
  'vocabStart',
  'rowStart',
  'epsilon',
  'logTheta',
  'accumulate',
  'upstream',
  'first',
])

function isShown(symbol: SizeSymbol): symbol is SizeSymbol & SymbolName {
  return !HIDDEN.has(symbol)
}

/** A size expression for display: a flag counts as 0. */
export function shown(expression: SizeExpression): FormulaExpression {
  if (typeof expression === 'number') return expression
  if (typeof expression === 'string') return isShown(expression) ? expression : 0
  return { sign: expression.sign, of: expression.of.map(shown) }
}

/** Rows as samples and tokens, for an op on all rows of a micro-batch. */
export function rowsAsTokens(expression: FormulaExpression): FormulaExpression {
  return withSymbol(expression, 'R', TOKENS)
}

/** Sizes of one op by their symbols in formulas. */
export function valuesOf(op: Extract<Op, { dims: unknown }>, model: ModelConfig): FormulaValues {
  const { B, T, C, NH, KV, HS, F, V, rows, tensor } = op.dims
  return { B, T, C, NH, KV, HS, F, V, R: rows, N: model.context, t: tensor }
}

/** Elements of a buffer named by an op in a role of its segment; the residual stream may be split over tensor ranks. */
function portShapes(spec: BufferSpec, users: readonly ComputeOp[]): FormulaExpression[] {
  for (const op of users) {
    const role = Object.entries(op.args).find(([, name]) => name === spec.name)?.[0]
    if (role === undefined) continue
    const { makes, gradients, edges } = segmentOf(op.segment.kind)
    const port = makes[role] ?? gradients[role] ?? edges[role]
    if (port === undefined) continue
    const exact = shown(port.elements)
    const whole = rowsAsTokens(exact)
    return [whole, over(whole, 't'), exact]
  }
  return []
}

/** A loaded input: a number for each token. */
const INPUT: readonly FormulaExpression[] = [TOKENS]

/** The size of a buffer by its shape; by its elements where it is a share of one or several tensors. */
export function bytesFormula(rank: RankProgram, spec: BufferSpec, model: ModelConfig): Formula {
  const isSized = (op: Op) => 'dims' in op
  const isUser = (op: Op): op is ComputeOp => isCompute(op) && Object.values(op.args).includes(spec.name)
  const ops = [...rank.prologue, ...rank.step]
  const users = ops.filter(isUser)
  const sized = users[0] ?? ops.find(isSized)
  const values: FormulaValues = sized === undefined ? { ...modelSizes(model), t: 1 } : valuesOf(sized, model)
  const parameter = parameterTable(model).find(({ name }) => name === spec.tensor)
  const shapes: readonly FormulaExpression[] =
    parameter !== undefined
      ? [times(...parameter.sizes.map(shown))]
      : spec.role === 'input'
        ? [...INPUT, ...portShapes(spec, users)]
        : spec.category === 'activations' || spec.category === 'communication'
          ? portShapes(spec, users)
          : []
  const inBytes = shapes.map((each) =>
    typeof each === 'object' && each.sign === '·' ? times(...each.of, WORD_BYTES) : times(each, WORD_BYTES),
  )
  return (
    formulaFor('bytes', inBytes, values, spec.bytes) ?? {
      of: 'bytes',
      expression: times('P', WORD_BYTES),
      values: { P: spec.bytes / WORD_BYTES },
      value: spec.bytes,
    }
  )
}
