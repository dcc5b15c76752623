import type { ModelConfig, Recompute } from '../config/types.ts'
import { valueOf } from '../core/expression.ts'
import { familyOf } from '../model/family.ts'
import { modelSizes } from '../model/parameters.ts'

/** Weights of a block's matrix products, by symbols, without biases and norms. */
function blockWeights(model: ModelConfig): number {
  const sizes = modelSizes(model)
  const uses = familyOf(model).block.map(({ body }) => body.segment)
  return uses
    .flatMap(({ parameters }) => Object.values(parameters))
    .filter(({ shape }) => shape.length >= 2)
    .reduce((sum, { shape }) => sum + shape.reduce<number>((size, each) => size * valueOf(each, sizes), 1), 0)
}

/** Includes the head; the embedding is a lookup. */
function productWeights(model: ModelConfig): number {
  return model.layers * blockWeights(model) + model.vocab * model.embed
}

/**
 * Floating-point operations of a training step on `tokens` tokens in sequences of `sequence`: 6 per weight and token, and
 * 12·L·NH·HS·T for attention, causality not counted (arXiv:2104.04473, eq. (3) without recomputation; nanoGPT's MFU).
 */
export function modelFlops(model: ModelConfig, tokens: number, sequence: number): number {
  return tokens * (6 * productWeights(model) + 12 * model.layers * model.heads * model.headSize * sequence)
}

/** Including recomputation: every block's forward, or the attention inside. */
export function hardwareFlops(model: ModelConfig, tokens: number, sequence: number, recompute: Recompute): number {
  const once = modelFlops(model, tokens, sequence)
  const attention = 4 * model.layers * model.heads * model.headSize * sequence
  const blocks = 2 * model.layers * blockWeights(model)
  if (recompute === 'full') return once + tokens * (blocks + attention)
  return recompute === 'selective' ? once + tokens * attention : once
}
