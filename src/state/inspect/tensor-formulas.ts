import type { ModelConfig } from '../../config/types.ts'
import type { BufferSpec, Op, RankProgram } from '../../schedule/program.ts'
import type { Expression, Formula, Values } from './formula.ts'
import { formulaFor, over, times } from './formula.ts'

/** Bytes of an element: execution is in f32 and u32. */
const ELEMENT_BYTES = 4

const RESIDUAL = times('B', 'T', 'C')

/** Elements of what a segment makes, by the end of its name; the residual stream is cut under sequence parallelism. */
const ACTIVATIONS: readonly (readonly [RegExp, readonly Expression[]])[] = [
  [/in\.(tokens|targets|weights)$|losses$/, [times('B', 'T')]],
  [/loss\.(stats|all)\d*$/, [times('R', 3), times('R', 3, 't')]],
  [/\.stats$/, [times('B', 'T', 2), over(times('B', 'T', 2), 't')]],
  [/attn\.d?qkv$/, [times('B', 'T', 3, 'H', 'D')]],
  [/attn\.(o|dout)$/, [times('B', 'T', 'H', 'D')]],
  [/attn\.(lse|delta)$/, [times('B', 'H', 'T')]],
  [/mlp\.d?[hg]$/, [times('B', 'T', 'F')]],
  [/logits\d*$/, [times('R', 'V')]],
  [/./, [RESIDUAL, over(RESIDUAL, 't')]],
]

/** Elements of a parameter on one rank: its heads, its columns, its rows of the vocabulary (model/parameters.ts). */
const PARAMETERS: readonly (readonly [RegExp, Expression])[] = [
  [/(wte|lm_head)\.weight$/, times('V', 'C')],
  [/wpe\.weight$/, times('N', 'C')],
  [/c_attn\.weight$/, times('C', 3, 'H', 'D')],
  [/c_attn\.bias$/, times(3, 'H', 'D')],
  [/attn\.c_proj\.weight$/, times('H', 'D', 'C')],
  [/c_fc\.weight$/, times('C', 'F')],
  [/c_fc\.bias$/, 'F'],
  [/mlp\.c_proj\.weight$/, times('F', 'C')],
  [/(ln_\w+\.(weight|bias)|c_proj\.bias)$/, 'C'],
]

/** A parameter's name in a buffer's: of itself, its gradient, its moments, a share of it. */
export function parameterOf(buffer: string): string | null {
  const name = buffer.slice(buffer.lastIndexOf(':') + 1)
  return PARAMETERS.some(([ending]) => ending.test(name)) ? name : null
}

/** Sizes of one op as a formula calls them. */
export function valuesOf(op: Extract<Op, { dims: unknown }>, model: ModelConfig): Values {
  const { B, T, C, NH, HS, F, V, rows, tensor } = op.dims
  return { B, T, C, H: NH, D: HS, F, V, R: rows, N: model.context, t: tensor }
}

const WHOLE = (model: ModelConfig): Values => ({
  C: model.embed,
  H: model.heads,
  D: model.headSize,
  F: model.ffn,
  V: model.vocab,
  N: model.context,
  t: 1,
})

/** The size of a buffer by the shape of what it holds; by its elements where it is a share of a tensor or of several. */
export function bytesFormula(rank: RankProgram, spec: BufferSpec, model: ModelConfig): Formula {
  const isSized = (op: Op) => 'dims' in op
  const ops = [...rank.prologue, ...rank.step].filter(isSized)
  const user = ops.find((op) => 'args' in op && Object.values(op.args).includes(spec.name)) ?? ops[0]
  const values = user === undefined ? WHOLE(model) : valuesOf(user, model)
  const name = parameterOf(spec.name)
  const elements =
    name !== null
      ? PARAMETERS.filter(([ending]) => ending.test(name)).map(([, expression]) => expression)
      : spec.category === 'activations'
        ? (ACTIVATIONS.find(([ending]) => ending.test(spec.name))?.[1] ?? [])
        : []
  const shaped = elements.map((each) =>
    typeof each === 'object' && each.sign === '·' ? times(...each.of, ELEMENT_BYTES) : times(each, ELEMENT_BYTES),
  )
  return (
    formulaFor('bytes', shaped, values, spec.bytes) ?? {
      of: 'bytes',
      expression: times('P', ELEMENT_BYTES),
      values: { P: spec.bytes / ELEMENT_BYTES },
      value: spec.bytes,
    }
  )
}
