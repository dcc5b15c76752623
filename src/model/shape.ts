/** The sizes that make a model; `ModelConfig` (configuration) has all of them. */
export interface ModelShape {
  readonly family: 'gpt2' | 'llama'
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  /** Width of one head; attention is heads · headSize wide, which need not be `embed`. */
  readonly headSize: number
  readonly embed: number
  readonly ffn: number
  readonly context: number
  readonly vocab: number
  readonly tied: boolean
}

export function gpt2Shape(layers: number, heads: number, embed: number, context: number, vocab: number): ModelShape {
  const headSize = embed / heads
  return { family: 'gpt2', layers, heads, kvHeads: heads, headSize, embed, ffn: 4 * embed, context, vocab, tied: true }
}
