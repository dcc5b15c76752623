/** Segments: the smallest compute units of a transformer, cut where a strategy may put a collective (model/segments/). */

export type SegmentKind =
  /** token and position rows added up */
  | 'embedding'
  /** token rows alone */
  | 'tokenEmbedding'
  | 'norm'
  | 'rmsNorm'
  /** qkv product, attention and the row product without its bias */
  | 'attention'
  /** three products, rotary positions, attention with shared key and value heads, the row product */
  | 'rotaryAttention'
  /** attention alone, from the saved qkv: what selective recomputation runs again */
  | 'attentionCore'
  | 'mlp'
  /** down(silu(gate x) · up x) */
  | 'gatedMlp'
  /** the residual stream plus what a sublayer gives, with and without the bias of its last product */
  | 'biasResidual'
  | 'residual'
  | 'logits'
  /** softmax cross-entropy of a chunk of logits, in place */
  | 'loss'
  /** under tensor parallelism: each rank's maximum and sum, then the loss from everybody's */
  | 'lossStats'
  | 'lossSharded'

export interface SegmentRef {
  readonly kind: SegmentKind
  /** "wte", "h.3.ln_1", "h.3.attn", "h.3.attn.residual", "ln_f", "head" … */
  readonly name: string
  /** Transformer block, −1 for the embedding, `layers` for final norm, head and loss. */
  readonly block: number
}

/** Sizes an op works on, local to its rank (after tensor and sequence sharding). */
export interface OpDims {
  readonly B: number
  readonly T: number
  readonly C: number
  /** Heads and key/value heads held by this rank, and the size of one. */
  readonly NH: number
  readonly KV: number
  readonly HS: number
  /** MLP width held by this rank. */
  readonly F: number
  /** Vocabulary rows held by this rank (padding included), how many of them exist, and the first of them. */
  readonly V: number
  readonly valid: number
  readonly vocabStart: number
  /** Rows (tokens) the op touches: B·T, or its sequence shard, or a chunk of the head; and the first of them. */
  readonly rows: number
  readonly rowStart: number
  /** Ranks that share the tensors. */
  readonly tensor: number
  /** Constants of the model: ε of its norms, base of its rotary positions. */
  readonly epsilon: number
  readonly theta: number
}

/** backward is backwardInput and backwardWeight in one; recompute is a forward run again before a backward. */
export type ComputeKind = 'forward' | 'recompute' | 'backward' | 'backwardInput' | 'backwardWeight'

/** Which of a segment's kernels each pass runs (model/segment.ts), in order. */
export const HALVES = {
  forward: ['forward'],
  recompute: ['forward'],
  backward: ['input', 'weight'],
  backwardInput: ['input'],
  backwardWeight: ['weight'],
} as const satisfies Record<ComputeKind, readonly Half[]>

export type Half = 'forward' | 'input' | 'weight'
