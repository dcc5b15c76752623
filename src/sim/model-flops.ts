import type { ModelConfig, Recompute } from '../config/types.ts'

/** Weights of matrix products, the head among them; the embedding is a lookup. */
function productWeights({ family, layers, heads, kvHeads, headSize, embed: C, ffn, vocab }: ModelConfig): number {
  const attention = C * (heads + 2 * kvHeads) * headSize + heads * headSize * C
  const mlp = (family === 'llama' ? 3 : 2) * C * ffn
  return layers * (attention + mlp) + vocab * C
}

/**
 * Floating-point operations of a training step on `tokens` tokens in sequences of `sequence`: 6 per weight and token, and
 * 12·L·NH·HS·T for attention, causality not counted (arXiv:2104.04473, eq. (3) without recomputation; nanoGPT's MFU).
 */
export function modelFlops(model: ModelConfig, tokens: number, sequence: number): number {
  return tokens * (6 * productWeights(model) + 12 * model.layers * model.heads * model.headSize * sequence)
}

/** With what recomputation repeats: the forward of every block, or the attention inside. */
export function hardwareFlops(model: ModelConfig, tokens: number, sequence: number, recompute: Recompute): number {
  const once = modelFlops(model, tokens, sequence)
  const attention = 4 * model.layers * model.heads * model.headSize * sequence
  const blocks = 2 * (productWeights(model) - model.vocab * model.embed)
  if (recompute === 'full') return once + tokens * (blocks + attention)
  return recompute === 'selective' ? once + tokens * attention : once
}
