/** Segments: the smallest compute units of a transformer, cut where a strategy may put a collective (model/segments/). */

export type SegmentKind =
  /** sum of token and position rows */
  | 'embedding'
  /** token rows only */
  | 'tokenEmbedding'
  | 'norm'
  | 'rmsNorm'
  /** qkv product, attention and the row-parallel product without its bias */
  | 'attention'
  /** three products, rotary positions, grouped-query attention, the row-parallel product */
  | 'rotaryAttention'
  /** attention only, from the saved qkv: what selective recomputation repeats */
  | 'attentionCore'
  | 'mlp'
  /** down(silu(gate x) · up x) */
  | 'gatedMlp'
  /** the residual stream plus a sublayer's output, with and without the bias of its last product */
  | 'biasResidual'
  | 'residual'
  | 'logits'
  /** softmax cross-entropy of a chunk of logits, in place */
  | 'loss'
  /** under tensor parallelism: each rank's maximum and sum, then the loss from all of them */
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
  /** Vocabulary rows held by this rank (padding included), how many of them are real, and the first of them. */
  readonly V: number
  readonly valid: number
  readonly vocabStart: number
  /** Rows (tokens) the op covers: B·T, or its sequence shard, or a chunk of the head; and the first of them. */
  readonly rows: number
  readonly rowStart: number
  /** Ranks that share the tensors. */
  readonly tensor: number
  /** Constants of the model: ε of its norms, base of its rotary positions. */
  readonly epsilon: number
  readonly theta: number
}

/** backward is backwardInput and backwardWeight in one; recompute repeats a forward before a backward. */
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
