import { valueOf } from '../core/expression.ts'
import type { Init, SegmentUse } from './family-spec.ts'
import { familyOf } from './family.ts'
import type { SizeExpression, SizeSymbol, TensorAxis } from './segment.ts'
import type { ModelShape } from './shape.ts'

export interface ParameterSpec {
  /** Hugging Face's name. */
  readonly name: string
  readonly shape: readonly number[]
  /** The shape by symbols, as a rank of a tensor group holds it. */
  readonly sizes: readonly SizeExpression[]
  readonly init:
    { readonly kind: 'normal'; readonly std: number } | { readonly kind: 'zeros' } | { readonly kind: 'ones' }
  /** Weight decay applies: two or more dimensions. */
  readonly decay: boolean
  /** How tensor parallelism splits it; null: replicated on every rank. */
  readonly tensorAxis: TensorAxis | null
  /** −1 embedding, 0 … L−1 blocks, L final norm and head. */
  readonly block: number
  /** The token embedding of a model with a tied head: needed on the first and on the last stage. */
  readonly tiedToHead: boolean
  /** Its gradient comes from all rows, even where each tensor rank holds a share of the residual stream. */
  readonly fromAllRows: boolean
}

/** Global model sizes by symbol. */
export function modelSizes(shape: ModelShape): Readonly<Partial<Record<SizeSymbol, number>>> {
  const { embed: C, heads: NH, kvHeads: KV, headSize: HS, ffn: F, vocab: V, context: N } = shape
  return { C, NH, KV, HS, F, V, N }
}

/** Parameters of a model in canonical order, from its family's segments. */
export function parameterTable(shape: ModelShape): ParameterSpec[] {
  const family = familyOf(shape)
  const sizes = modelSizes(shape)
  const table: ParameterSpec[] = []
  const add = ({ segment, parameters }: SegmentUse, prefix: string, block: number) => {
    for (const [role, port] of Object.entries(segment.parameters)) {
      const { name, init } = parameters[role]!
      table.push({
        name: prefix + name,
        shape: port.shape.map((each) => valueOf(each, sizes)),
        sizes: port.shape,
        init: scaled(init, shape),
        decay: port.shape.length >= 2,
        tensorAxis: port.cut,
        block,
        tiedToHead: shape.tied && block < 0 && role in family.head.segment.parameters,
        fromAllRows: segment.allRows === true,
      })
    }
  }
  add(family.embedding, '', -1)
  for (let i = 0; i < shape.layers; i++)
    for (const { norm, body, residual } of family.block)
      for (const use of [norm, body, residual]) add(use, `${family.blockName(i)}.`, i)
  add(family.finalNorm, '', shape.layers)
  if (!shape.tied) add(family.head, '', shape.layers)
  return table
}

function scaled(init: Init, { layers }: ModelShape): ParameterSpec['init'] {
  if (init.kind !== 'normal') return init
  return { kind: 'normal', std: init.residual ? init.std / Math.sqrt(2 * layers) : init.std }
}

export function parameterCount(shape: ModelShape): number {
  return parameterTable(shape).reduce((sum, each) => sum + each.shape.reduce((a, b) => a * b, 1), 0)
}

/** The head's weight: the embedding's where the model is tied. */
export function headWeightName(shape: Pick<ModelShape, 'family' | 'tied'>): string {
  const { embedding, head } = familyOf(shape)
  return (shape.tied ? embedding : head).parameters['wte']!.name
}
