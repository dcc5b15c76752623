import { checkBatch, wide } from './batch.ts'
import type { ReferenceBatch, ReferenceResult } from './batch.ts'
import { gpt2Gradients } from './gpt2.ts'
import { llamaGradients } from './llama.ts'
import type { ModelShape } from '../../src/model/shape.ts'

const FAMILIES = { gpt2: gpt2Gradients, llama: llamaGradients } as const

/**
 * A model's loss, logits and gradients in float64, written apart from the kernels and their launches so that both can be
 * compared. Throws for a missing or wrongly sized tensor, or a token outside the vocabulary.
 */
export function referenceGradients(
  shape: ModelShape,
  parameters: ReadonlyMap<string, ArrayLike<number>>,
  batch: ReferenceBatch,
): ReferenceResult {
  const p = wide(shape, parameters)
  checkBatch(shape, batch)
  return FAMILIES[shape.family](shape, p, batch)
}
