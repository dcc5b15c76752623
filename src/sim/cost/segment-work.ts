import type { OpDims, SegmentKind } from '../../core/segments.ts'
import type { KernelWork } from './kernel-seconds.ts'
import type { Software } from './software.ts'

/** What determines a segment's kernels besides its sizes. */
export interface WorkContext {
  readonly software: Software
  /** Bytes of an activation or weight element: 2 in mixed precision, 4 in f32. */
  readonly elementBytes: number
}

/** Sizes of a segment on one rank. `rows` are the tokens of norms and residuals (a share under sequence parallelism). */
export type WorkDims = Pick<OpDims, 'B' | 'T' | 'C' | 'NH' | 'KV' | 'HS' | 'F' | 'V' | 'rows'>

/**
 * Kernels by pass; a full backward is input and weight together. Their order does not matter: the cost model sums them.
 */
export interface PassWork {
  readonly forward: readonly KernelWork[]
  readonly input: readonly KernelWork[]
  readonly weight: readonly KernelWork[]
}

function matmul(M: number, N: number, K: number, element: number, batch = 1): KernelWork {
  return { kind: 'matmul', batch, M, N, K, bytes: batch * (M * K + K * N + M * N) * element, launches: 1 }
}

function memory(bytes: number, launches = 1): KernelWork {
  return { kind: 'memory', bytes, launches }
}

/** A linear layer [rows, K] → [rows, N] with its two gradients. */
function linear(rows: number, N: number, K: number, { elementBytes: e, software }: WorkContext): PassWork {
  const { accumulateBytes } = software
  const weight = [matmul(K, N, rows, e)]
  if (accumulateBytes > 0) weight.push(memory(K * N * accumulateBytes))
  return { forward: [matmul(rows, N, K, e)], input: [matmul(rows, K, N, e)], weight }
}

function join(...parts: readonly PassWork[]): PassWork {
  return {
    forward: parts.flatMap((part) => part.forward),
    input: parts.flatMap((part) => part.input),
    weight: parts.flatMap((part) => part.weight),
  }
}

/** Scores, softmax and their product with the values. Fused: causal, half of the products, no T × T in memory. */
function attentionCore({ B, T, NH, KV, HS }: WorkDims, { software, elementBytes: e }: WorkContext): PassWork {
  const rows = B * T
  const qkv = rows * HS * (NH + 2 * KV) * e
  const out = rows * HS * NH * e
  if (software.attention === 'fused') {
    const pairs = (B * NH * T * T) / 2
    // Forward runs two products.
    const backward = 2 * software.attentionBackwardProducts
    return {
      forward: [{ kind: 'attention', flops: 4 * HS * pairs, bytes: qkv + out, launches: 2 }],
      input: [{ kind: 'attention', flops: backward * HS * pairs, bytes: 2 * qkv + 3 * out, launches: 4 }],
      weight: [],
    }
  }
  const batch = B * NH
  const scores = batch * T * T
  const drop = software.dropout > 0 ? 1 : 0
  // Without fusion the cast to f32, scale, mask, softmax and the cast back are separate kernels. Megatron-LM's fused
  // kernel takes only multiples of four (sample, head) pairs: is_kernel_available in its fused_softmax.py.
  const fused = software.fusedElementwise && batch % 4 === 0
  const dropout = memory(drop * scores * (2 * e + 1), drop)
  return {
    forward: [
      matmul(T, T, HS, e, batch),
      memory(scores * (fused ? 2 * e : 6 * e + 16), fused ? 1 : 7),
      dropout,
      matmul(T, HS, T, e, batch),
      memory(2 * out),
    ],
    input: [
      memory(2 * out),
      matmul(T, T, HS, e, batch),
      matmul(T, HS, T, e, batch),
      dropout,
      memory(scores * (fused ? 3 * e : 7 * e + 8), fused ? 1 : 5),
      matmul(T, HS, T, e, batch),
      matmul(T, HS, T, e, batch),
      memory(2 * qkv),
    ],
    weight: [],
  }
}

function attention(d: WorkDims, context: WorkContext, rotates: boolean): PassWork {
  const { software, elementBytes: e } = context
  const rows = d.B * d.T
  const q = d.NH * d.HS
  const qkv = q + 2 * d.KV * d.HS
  const products = join(linear(rows, qkv, d.C, context), linear(rows, d.C, q, context), attentionCore(d, context))
  const fused = software.fusedElementwise
  if (!rotates) return join(products, { forward: [], input: [memory(rows * qkv * e)], weight: [] })
  const rotary = memory(rows * (q + d.KV * d.HS) * 2 * e * (fused ? 1 : 3), fused ? 1 : 8)
  return join(products, { forward: [rotary], input: [rotary], weight: [] })
}

function mlp(d: WorkDims, context: WorkContext, gated: boolean): PassWork {
  const { software, elementBytes: e } = context
  const rows = d.B * d.T
  const width = rows * d.F * e
  const fused = software.fusedElementwise
  const products = join(linear(rows, gated ? 2 * d.F : d.F, d.C, context), linear(rows, d.C, d.F, context))
  const activation: PassWork = gated
    ? {
        forward: [memory(width * (fused ? 3 : 5), fused ? 1 : 2)],
        input: [memory(width * (fused ? 5 : 8), fused ? 1 : 4)],
        weight: [],
      }
    : {
        forward: [memory(width * (fused ? 2 : 4), fused ? 1 : 2)],
        input: [memory(width * (fused ? 4 : 5), fused ? 2 : 3)],
        weight: [],
      }
  return join(products, activation)
}

/** Backward: input gradient plus the residual's, and the gradients of gain and bias. */
function norm({ rows, C }: WorkDims, { software, elementBytes: e }: WorkContext, rms: boolean): PassWork {
  const loose = rms && !software.fusedElementwise
  const bytes = rows * C * (loose ? 6 : 2) * e
  return {
    forward: [memory(bytes, loose ? 5 : 1)],
    input: [memory(bytes + rows * C * 4 * e, loose ? 7 : 3)],
    weight: [],
  }
}

/** x + dropout(p + bias): one kernel when fused; without a bias there is no dropout either. */
function residual({ rows, C }: WorkDims, { software, elementBytes: e }: WorkContext, hasBias: boolean): PassWork {
  const drop = software.dropout > 0 ? 1 : 0
  const fused = software.fusedElementwise
  const n = rows * C
  if (!hasBias) return { forward: [memory(n * 3 * e)], input: [memory(0, 0)], weight: [] }
  return {
    forward: [memory(n * (fused ? 3 * e + drop : 5 * e + drop * (2 * e + 1)), fused ? 1 : 2 + drop)],
    input: [memory(n * (drop * (2 * e + 1) + e), 2)],
    weight: [],
  }
}

function embedding(d: WorkDims, { elementBytes: e }: WorkContext): PassWork {
  const elements = d.B * d.T * d.C
  return { forward: [memory(elements * 5 * e, 5)], input: [], weight: [memory(elements * 6 * e, 5)] }
}

/** Softmax and cross-entropy in f32 over this rank's columns: two thirds of its traffic forward, the rest backward. */
function loss({ rows, V }: WorkDims, { software }: WorkContext): PassWork {
  const bytes = rows * V * software.lossBytes
  return { forward: [memory((2 / 3) * bytes, 8)], input: [memory((1 / 3) * bytes, 4)], weight: [] }
}

/** In chunks of rows where all logits together would be too large. */
function logits({ rows, V, C }: WorkDims, context: WorkContext): PassWork {
  const each = Math.max(1, Math.min(rows, Math.floor(context.software.headChunkBytes / (context.elementBytes * V))))
  const whole = Math.floor(rows / each)
  const rest = rows - whole * each
  const chunks = repeated(linear(each, V, C, context), whole)
  return rest > 0 ? join(chunks, linear(rest, V, C, context)) : chunks
}

/** The same kernels, repeated. */
function repeated({ forward, input, weight }: PassWork, times: number): PassWork {
  const repeated = (list: readonly KernelWork[]) => list.map((work) => ({ ...work, times }))
  return { forward: repeated(forward), input: repeated(input), weight: repeated(weight) }
}

/** The kernels of one segment. */
export function segmentWork(kind: SegmentKind, d: WorkDims, context: WorkContext): PassWork {
  switch (kind) {
    case 'embedding':
    case 'tokenEmbedding':
      return embedding(d, context)
    case 'norm':
    case 'rmsNorm':
      return norm(d, context, kind === 'rmsNorm')
    case 'attention':
    case 'rotaryAttention':
      return attention(d, context, kind === 'rotaryAttention')
    case 'attentionCore':
      return attentionCore(d, context)
    case 'biasResidual':
    case 'residual':
      return residual(d, context, kind === 'biasResidual')
    case 'mlp':
    case 'gatedMlp':
      return mlp(d, context, kind === 'gatedMlp')
    case 'logits':
      return logits(d, context)
    case 'loss':
    case 'lossSharded':
      return loss(d, context)
    case 'lossStats':
      return { forward: [memory(d.rows * d.V * 4, 2)], input: [], weight: [] }
  }
}
