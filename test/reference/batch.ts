import { parameterTable } from '../../src/model/parameters.ts'
import type { ModelShape } from '../../src/model/shape.ts'

/** B sequences of T tokens, row-major; weights are already divided by their total. */
export interface ReferenceBatch {
  readonly B: number
  readonly T: number
  readonly tokens: ArrayLike<number>
  readonly targets: ArrayLike<number>
  readonly weights: ArrayLike<number>
}

export interface ReferenceResult {
  /** Σ weight·(−log probability of the target) */
  readonly loss: number
  /** (B·T, vocab) */
  readonly logits: Float64Array
  /** By parameter name, in the order of the parameter table. */
  readonly gradients: Map<string, Float64Array>
}

/** Float64 copies of all tensors in canonical order. */
export function wide(shape: ModelShape, parameters: ReadonlyMap<string, ArrayLike<number>>): Map<string, Float64Array> {
  return new Map(
    parameterTable(shape).map((spec) => {
      const values = parameters.get(spec.name)
      const length = spec.shape.reduce((a, b) => a * b, 1)
      if (values?.length !== length)
        throw refusal(
          spec.name,
          `has ${values?.length ?? 'no'} elements; its shape [${spec.shape.join(', ')}] takes ${length}`,
        )
      return [spec.name, Float64Array.from(values)]
    }),
  )
}

function refusal(field: string, message: string): Error {
  return new Error(`${field}: ${message}`)
}

export function checkBatch({ vocab, context }: ModelShape, { B, T, tokens, targets, weights }: ReferenceBatch): void {
  if (T > context) throw refusal('batch.T', `${T} is longer than model.context: ${context}`)
  for (const [name, values] of Object.entries({ tokens, targets, weights }))
    if (values.length !== B * T) throw refusal(`batch.${name}`, `has ${values.length} elements; B·T is ${B * T}`)
  for (const [name, values] of Object.entries({ tokens, targets }))
    for (let r = 0; r < B * T; r++)
      if (!(values[r]! >= 0 && values[r]! < vocab))
        throw refusal(`batch.${name}`, `${values[r]} at ${r} must be below model.vocab: ${vocab}`)
}
