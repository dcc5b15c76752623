/** The sizes of a model; `ModelConfig` (configuration) includes them all. */
export interface ModelShape {
  readonly family: 'gpt2' | 'llama'
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  /** Width of one head; attention is heads · headSize wide, which may differ from `embed`. */
  readonly headSize: number
  readonly embed: number
  readonly ffn: number
  readonly context: number
  readonly vocab: number
  readonly tied: boolean
  /** Base of the rotary embedding's wavelengths; family gpt2 has learned positions instead. */
  readonly ropeTheta: number
  /** ε under the root of every norm. */
  readonly normEpsilon: number
}

export const ROPE_THETA = 10_000
export const NORM_EPSILON = 1e-5

export function gpt2Shape(layers: number, heads: number, embed: number, context: number, vocab: number): ModelShape {
  return {
    family: 'gpt2',
    layers,
    heads,
    kvHeads: heads,
    headSize: embed / heads,
    embed,
    ffn: 4 * embed,
    context,
    vocab,
    tied: true,
    ropeTheta: ROPE_THETA,
    normEpsilon: NORM_EPSILON,
  }
}
