import type { ModelShape } from '../../src/model/shape.ts'
import { attention, attentionBackward } from './attention.ts'
import type { Attended } from './attention.ts'
import type { ReferenceBatch, ReferenceResult } from './batch.ts'
import { crossEntropy } from './cross-entropy.ts'
import {
  added,
  gelu,
  geluBackward,
  layerNorm,
  layerNormBackward,
  linear,
  linearBackward,
  linearTransposed,
  linearTransposedBackward,
} from './operations.ts'
import type { Normed } from './operations.ts'

interface BlockMemory {
  readonly norm1: Normed
  readonly qkv: Float64Array
  readonly attended: Attended
  readonly norm2: Normed
  readonly hidden: Float64Array
  readonly activated: Float64Array
}

/** GPT-2's loss, logits and gradients from float64 parameters and a checked batch. */
export function gpt2Gradients(
  shape: ModelShape,
  p: ReadonlyMap<string, Float64Array>,
  batch: ReferenceBatch,
): ReferenceResult {
  const gradients = new Map([...p].map(([name, values]) => [name, new Float64Array(values.length)]))
  const value = (name: string) => p.get(name)!
  const slope = (name: string) => gradients.get(name)!
  const { B, T, tokens, targets } = batch
  const { layers, heads, headSize, embed: C, vocab: V, normEpsilon } = shape
  const R = B * T
  const sizes = { B, T, heads, kvHeads: heads, headSize }

  let x = embed(value('wte.weight'), value('wpe.weight'), tokens, R, T, C)
  const memory: BlockMemory[] = []
  for (let i = 0; i < layers; i++) {
    const w = (name: string) => value(`h.${i}.${name}`)
    const norm1 = layerNorm(x, w('ln_1.weight'), w('ln_1.bias'), normEpsilon)
    const qkv = linear(norm1.y, w('attn.c_attn.weight'), w('attn.c_attn.bias'), R)
    const attended = attention(qkv, sizes)
    const middle = added(x, linear(attended.out, w('attn.c_proj.weight'), w('attn.c_proj.bias'), R))
    const norm2 = layerNorm(middle, w('ln_2.weight'), w('ln_2.bias'), normEpsilon)
    const hidden = linear(norm2.y, w('mlp.c_fc.weight'), w('mlp.c_fc.bias'), R)
    const activated = gelu(hidden)
    x = added(middle, linear(activated, w('mlp.c_proj.weight'), w('mlp.c_proj.bias'), R))
    memory.push({ norm1, qkv, attended, norm2, hidden, activated })
  }
  const last = layerNorm(x, value('ln_f.weight'), value('ln_f.bias'), normEpsilon)
  const head = shape.tied ? 'wte.weight' : 'lm_head.weight'
  const logits = linearTransposed(last.y, value(head), R)
  const { loss, dlogits } = crossEntropy(logits, targets, batch.weights, R, V)

  let dx = linearTransposedBackward(dlogits, last.y, value(head), slope(head), R)
  dx = layerNormBackward(dx, last, value('ln_f.weight'), slope('ln_f.weight'), slope('ln_f.bias'))
  for (let i = layers - 1; i >= 0; i--) {
    const { norm1, qkv, attended, norm2, hidden, activated } = memory[i]!
    const back = (dy: Float64Array, input: Float64Array, name: string) =>
      linearBackward(
        dy,
        input,
        value(`h.${i}.${name}.weight`),
        slope(`h.${i}.${name}.weight`),
        slope(`h.${i}.${name}.bias`),
        R,
      )
    const backNorm = (dy: Float64Array, normed: Normed, name: string) =>
      layerNormBackward(
        dy,
        normed,
        value(`h.${i}.${name}.weight`),
        slope(`h.${i}.${name}.weight`),
        slope(`h.${i}.${name}.bias`),
      )
    const dhidden = geluBackward(back(dx, activated, 'mlp.c_proj'), hidden)
    dx = added(dx, backNorm(back(dhidden, norm2.y, 'mlp.c_fc'), norm2, 'ln_2'))
    const dqkv = attentionBackward(back(dx, attended.out, 'attn.c_proj'), qkv, attended.probabilities, sizes)
    dx = added(dx, backNorm(back(dqkv, norm1.y, 'attn.c_attn'), norm1, 'ln_1'))
  }
  for (let r = 0; r < R; r++)
    for (let c = 0; c < C; c++) {
      slope('wte.weight')[tokens[r]! * C + c]! += dx[r * C + c]!
      slope('wpe.weight')[(r % T) * C + c]! += dx[r * C + c]!
    }
  return { loss, logits, gradients }
}

function embed(
  wte: Float64Array,
  wpe: Float64Array,
  tokens: ArrayLike<number>,
  R: number,
  T: number,
  C: number,
): Float64Array {
  const x = new Float64Array(R * C)
  for (let r = 0; r < R; r++)
    for (let c = 0; c < C; c++) x[r * C + c] = wte[tokens[r]! * C + c]! + wpe[(r % T) * C + c]!
  return x
}
