import type { ModelShape } from '../../src/model/shape.ts'
import { attention, attentionBackward } from './attention.ts'
import type { Attended } from './attention.ts'
import type { ReferenceBatch, ReferenceResult } from './batch.ts'
import { crossEntropy } from './cross-entropy.ts'
import { sideBySide, columnsOf, rmsNorm, rmsNormBackward, rotated, swiglu, swigluBackward } from './llama-operations.ts'
import type { RmsNormed } from './llama-operations.ts'
import { added, linearTransposed, linearTransposedBackward } from './operations.ts'

interface BlockMemory {
  readonly norm1: RmsNormed
  /** Queries and keys turned. */
  readonly qkv: Float64Array
  readonly attended: Attended
  readonly norm2: RmsNormed
  readonly gate: Float64Array
  readonly up: Float64Array
  readonly activated: Float64Array
}

/** LLaMA's loss, logits and gradients from float64 parameters and a checked batch. Weights are [out, in]. */
export function llamaGradients(
  shape: ModelShape,
  p: ReadonlyMap<string, Float64Array>,
  batch: ReferenceBatch,
): ReferenceResult {
  const gradients = new Map([...p].map(([name, values]) => [name, new Float64Array(values.length)]))
  const value = (name: string) => p.get(name)!
  const slope = (name: string) => gradients.get(name)!
  const { B, T, tokens, targets } = batch
  const { layers, heads, kvHeads, headSize, embed: C, vocab: V, ropeTheta: theta, normEpsilon } = shape
  const R = B * T
  const [width, kvWidth] = [heads * headSize, kvHeads * headSize]
  const sizes = { B, T, heads, kvHeads, headSize }
  const rotary = { T, headSize, theta }

  let x: Float64Array = new Float64Array(R * C)
  const embedding = value('model.embed_tokens.weight')
  for (let r = 0; r < R; r++) x.set(embedding.subarray(tokens[r]! * C, (tokens[r]! + 1) * C), r * C)
  const memory: BlockMemory[] = []
  for (let i = 0; i < layers; i++) {
    const w = (name: string) => value(`model.layers.${i}.${name}.weight`)
    const norm1 = rmsNorm(x, w('input_layernorm'), normEpsilon)
    const q = rotated(linearTransposed(norm1.y, w('self_attn.q_proj'), R), rotary, R, 1)
    const k = rotated(linearTransposed(norm1.y, w('self_attn.k_proj'), R), rotary, R, 1)
    const qkv = sideBySide([q, k, linearTransposed(norm1.y, w('self_attn.v_proj'), R)], R)
    const attended = attention(qkv, sizes)
    const middle = added(x, linearTransposed(attended.out, w('self_attn.o_proj'), R))
    const norm2 = rmsNorm(middle, w('post_attention_layernorm'), normEpsilon)
    const gate = linearTransposed(norm2.y, w('mlp.gate_proj'), R)
    const up = linearTransposed(norm2.y, w('mlp.up_proj'), R)
    const activated = swiglu(gate, up)
    x = added(middle, linearTransposed(activated, w('mlp.down_proj'), R))
    memory.push({ norm1, qkv, attended, norm2, gate, up, activated })
  }
  const last = rmsNorm(x, value('model.norm.weight'), normEpsilon)
  const head = shape.tied ? 'model.embed_tokens.weight' : 'lm_head.weight'
  const logits = linearTransposed(last.y, value(head), R)
  const { loss, dlogits } = crossEntropy(logits, targets, batch.weights, R, V)

  let dx = linearTransposedBackward(dlogits, last.y, value(head), slope(head), R)
  dx = rmsNormBackward(dx, last, value('model.norm.weight'), slope('model.norm.weight'))
  for (let i = layers - 1; i >= 0; i--) {
    const { norm1, qkv, attended, norm2, gate, up, activated } = memory[i]!
    const back = (dy: Float64Array, input: Float64Array, part: string) => {
      const name = `model.layers.${i}.${part}.weight`
      return linearTransposedBackward(dy, input, value(name), slope(name), R)
    }
    const backNorm = (dy: Float64Array, normed: RmsNormed, part: string) => {
      const name = `model.layers.${i}.${part}.weight`
      return rmsNormBackward(dy, normed, value(name), slope(name))
    }
    const { dgate, dup } = swigluBackward(back(dx, activated, 'mlp.down_proj'), gate, up)
    const dn2 = added(back(dgate, norm2.y, 'mlp.gate_proj'), back(dup, norm2.y, 'mlp.up_proj'))
    dx = added(dx, backNorm(dn2, norm2, 'post_attention_layernorm'))
    const dout = back(dx, attended.out, 'self_attn.o_proj')
    const dqkv = attentionBackward(dout, qkv, attended.probabilities, sizes)
    const dq = rotated(columnsOf(dqkv, R, 0, width), rotary, R, -1)
    const dk = rotated(columnsOf(dqkv, R, width, kvWidth), rotary, R, -1)
    const dn1 = added(
      added(back(dq, norm1.y, 'self_attn.q_proj'), back(dk, norm1.y, 'self_attn.k_proj')),
      back(columnsOf(dqkv, R, width + kvWidth, kvWidth), norm1.y, 'self_attn.v_proj'),
    )
    dx = added(dx, backNorm(dn1, norm1, 'input_layernorm'))
  }
  const dembedding = slope('model.embed_tokens.weight')
  for (let r = 0; r < R; r++) for (let c = 0; c < C; c++) dembedding[tokens[r]! * C + c]! += dx[r * C + c]!
  return { loss, logits, gradients }
}
