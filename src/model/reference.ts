import { RefusedError } from '../core/errors.ts'
import { parameterTable } from './parameters.ts'
import { attention, attentionBackward } from './reference/attention.ts'
import type { Attended } from './reference/attention.ts'
import { gelu, geluBackward, layerNorm, layerNormBackward, linear, linearBackward } from './reference/operations.ts'
import type { Normed } from './reference/operations.ts'
import type { ModelShape } from './shape.ts'

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

interface BlockMemory {
  readonly norm1: Normed
  readonly qkv: Float64Array
  readonly attended: Attended
  readonly norm2: Normed
  readonly hidden: Float64Array
  readonly activated: Float64Array
}

/**
 * GPT-2's loss, logits and gradients in float64, written apart from the kernels and their launches so that both can be
 * compared. Throws RefusedError for another family, a missing or wrongly sized tensor, or a token outside the vocabulary.
 */
export function referenceGradients(
  shape: ModelShape,
  parameters: ReadonlyMap<string, ArrayLike<number>>,
  batch: ReferenceBatch,
): ReferenceResult {
  const p = wide(shape, parameters)
  const gradients = new Map([...p].map(([name, values]) => [name, new Float64Array(values.length)]))
  const value = (name: string) => p.get(name)!
  const slope = (name: string) => gradients.get(name)!
  const { B, T, tokens, targets } = batch
  const { layers, heads, headSize, embed: C, vocab: V } = shape
  const R = B * T
  const sizes = { B, T, heads, headSize }
  checkBatch(shape, batch)

  let x = embed(value('wte.weight'), value('wpe.weight'), tokens, R, T, C)
  const memory: BlockMemory[] = []
  for (let i = 0; i < layers; i++) {
    const w = (name: string) => value(`h.${i}.${name}`)
    const norm1 = layerNorm(x, w('ln_1.weight'), w('ln_1.bias'))
    const qkv = linear(norm1.y, w('attn.c_attn.weight'), w('attn.c_attn.bias'), R)
    const attended = attention(qkv, sizes)
    const middle = added(x, linear(attended.out, w('attn.c_proj.weight'), w('attn.c_proj.bias'), R))
    const norm2 = layerNorm(middle, w('ln_2.weight'), w('ln_2.bias'))
    const hidden = linear(norm2.y, w('mlp.c_fc.weight'), w('mlp.c_fc.bias'), R)
    const activated = gelu(hidden)
    x = added(middle, linear(activated, w('mlp.c_proj.weight'), w('mlp.c_proj.bias'), R))
    memory.push({ norm1, qkv, attended, norm2, hidden, activated })
  }
  const last = layerNorm(x, value('ln_f.weight'), value('ln_f.bias'))
  const head = shape.tied ? 'wte.weight' : 'lm_head.weight'
  const logits = headForward(last.y, value(head), R, V, C)
  const { loss, dlogits } = crossEntropy(logits, targets, batch.weights, R, V)

  let dx = headBackward(dlogits, last.y, value(head), slope(head), R, V, C)
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

/** Float64 copies of all tensors of a GPT-2 shape, in canonical order. */
export function wide(shape: ModelShape, parameters: ReadonlyMap<string, ArrayLike<number>>): Map<string, Float64Array> {
  if (shape.family !== 'gpt2')
    throw new RefusedError('model.family', `${shape.family}: the reference model is gpt2 only`)
  return new Map(
    parameterTable(shape).map((spec) => {
      const values = parameters.get(spec.name)
      const length = spec.shape.reduce((a, b) => a * b, 1)
      if (values?.length !== length)
        throw new RefusedError(
          spec.name,
          `has ${values?.length ?? 'no'} elements; its shape [${spec.shape.join(', ')}] takes ${length}`,
        )
      return [spec.name, Float64Array.from(values)]
    }),
  )
}

function checkBatch({ vocab, context }: ModelShape, { B, T, tokens, targets, weights }: ReferenceBatch): void {
  if (T > context) throw new RefusedError('batch.T', `${T} is longer than model.context: ${context}`)
  for (const [name, values] of Object.entries({ tokens, targets, weights }))
    if (values.length !== B * T)
      throw new RefusedError(`batch.${name}`, `has ${values.length} elements; B·T is ${B * T}`)
  for (const [name, values] of Object.entries({ tokens, targets }))
    for (let r = 0; r < B * T; r++)
      if (!(values[r]! >= 0 && values[r]! < vocab))
        throw new RefusedError(`batch.${name}`, `${values[r]} at ${r} must be below model.vocab: ${vocab}`)
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

function added(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((v, i) => v + b[i]!)
}

/** logits = y·wᵀ: y (R, C), w (V, C). */
function headForward(y: Float64Array, w: Float64Array, R: number, V: number, C: number): Float64Array {
  const logits = new Float64Array(R * V)
  for (let r = 0; r < R; r++)
    for (let v = 0; v < V; v++) for (let c = 0; c < C; c++) logits[r * V + v]! += y[r * C + c]! * w[v * C + c]!
  return logits
}

function headBackward(
  dlogits: Float64Array,
  y: Float64Array,
  w: Float64Array,
  dw: Float64Array,
  R: number,
  V: number,
  C: number,
): Float64Array {
  const dy = new Float64Array(R * C)
  for (let r = 0; r < R; r++)
    for (let v = 0; v < V; v++) {
      const d = dlogits[r * V + v]!
      for (let c = 0; c < C; c++) {
        dy[r * C + c]! += d * w[v * C + c]!
        dw[v * C + c]! += d * y[r * C + c]!
      }
    }
  return dy
}

/** dlogits = weight·(softmax − one-hot of the target). */
function crossEntropy(
  logits: Float64Array,
  targets: ArrayLike<number>,
  weights: ArrayLike<number>,
  R: number,
  V: number,
): { loss: number; dlogits: Float64Array } {
  const dlogits = new Float64Array(R * V)
  let loss = 0
  for (let r = 0; r < R; r++) {
    const row = logits.subarray(r * V, (r + 1) * V)
    const highest = row.reduce((a, b) => Math.max(a, b), -Infinity)
    const total = row.reduce((sum, each) => sum + Math.exp(each - highest), 0)
    loss += weights[r]! * (highest + Math.log(total) - row[targets[r]!]!)
    for (let v = 0; v < V; v++) {
      const probability = Math.exp(row[v]! - highest) / total
      dlogits[r * V + v] = weights[r]! * (probability - (v === targets[r] ? 1 : 0))
    }
  }
  return { loss, dlogits }
}
