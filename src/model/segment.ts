import type { Dtype } from '../core/dtypes.ts'
import type { Expression } from '../core/expression.ts'
import { plus, times } from '../core/expression.ts'
import type { SegmentKind } from '../core/segments.ts'
import type { KernelName } from './kernels.ts'

/**
 * What a segment of a model is, as data: its parameters, the buffers it makes, and the kernels of its forward, its input
 * gradient and its weight gradient, with all sizes, floating-point operations and bytes as expressions of the same symbols.
 * Strategies lower it, the ledger, the cost model and the inspector evaluate it. To add one: an entry in model/segments/.
 */

/**
 * B batch, T sequence, C channels, NH heads, KV key/value heads, HS size of a head, F width of the MLP, V vocabulary rows,
 * R rows (tokens) the op works on, N longest sequence, t ranks that share the tensors: all as this rank holds them.
 * epsilon of norms, logTheta = log₂ of the base of rotary positions.
 * Flags (0 or 1): accumulate (adds to gradients), upstream (a gradient flows past on the residual stream), first (holds
 * the first rows of the vocabulary).
 */
export type SizeSymbol =
  | 'B'
  | 'T'
  | 'C'
  | 'NH'
  | 'KV'
  | 'HS'
  | 'F'
  | 'V'
  | 'R'
  | 'N'
  | 't'
  | 'valid'
  | 'vocabStart'
  | 'rowStart'
  | 'epsilon'
  | 'logTheta'
  | 'accumulate'
  | 'upstream'
  | 'first'
export type SizeExpression = Expression<SizeSymbol>

export type TensorAxis =
  /** Cut along the last axis. */
  | { readonly kind: 'columns' }
  /** Cut along the first axis. */
  | { readonly kind: 'rows' }
  /** Columns of q, k and v next to each other, each cut by heads. */
  | { readonly kind: 'qkv' }
  /** Vocabulary rows, padded to a multiple. */
  | { readonly kind: 'vocab' }

/** A parameter of a segment, by role; the family gives it its name and initial values. */
export interface ParameterPort {
  readonly shape: readonly SizeExpression[]
  /** How tensor parallelism cuts it; null: every rank holds the whole. */
  readonly cut: TensorAxis | null
}

export interface Port {
  readonly elements: SizeExpression
  readonly dtype: Dtype
}

/** What a training may do around the same mathematics, and what then is kept for the backward pass. */
const TRAITS = [
  /** The scores of attention, T × T in every head, are written to memory. */
  'materialized',
  'dropout',
  /** Neighbouring element-wise kernels are not one: what they hand to each other is in memory. */
  'unfused',
] as const
export type Trait = (typeof TRAITS)[number]

/** Kept only where all of its traits hold: the forward leaves it and the backward reads it, besides what kernels bind. */
export interface SavedPort extends Port {
  readonly when: readonly Trait[]
}

/** One kernel of a segment. */
export interface Call {
  readonly kernel: KernelName
  /** The kernel's role → the segment's role; '' leaves a binding unused. */
  readonly bind: Readonly<Record<string, string>>
  readonly params: Readonly<Record<string, SizeExpression>>
  /** Floating-point operations; a multiply-add is two. */
  readonly flops: SizeExpression
  /** Elements read and written from global memory at least once. */
  readonly elements: SizeExpression
  /** Only with the last rows of a micro-batch, or only where the role has a buffer. */
  readonly when?: 'last rows' | { readonly given: string }
}

export interface SegmentSpec {
  readonly kind: SegmentKind
  readonly parameters: Readonly<Record<string, ParameterPort>>
  /** What the forward makes inside the segment; what its backward reads of it is kept until then. */
  readonly makes: Readonly<Record<string, Port>>
  /** What the forward leaves for the backward besides, under other software than this project's. */
  readonly saves?: Readonly<Record<string, SavedPort>>
  /** What the backward makes inside the segment. */
  readonly gradients: Readonly<Record<string, Port>>
  /** Everything else a role may name. */
  readonly edges: Readonly<Record<string, Port>>
  readonly forward: readonly Call[]
  /** With the gradients of parameters that nobody keeps an input for (norms). */
  readonly input: readonly Call[]
  readonly weight: readonly Call[]
  /** The part that selective recomputation runs again, and what it makes again. */
  readonly core?: { readonly kind: SegmentKind; readonly makes: readonly string[] }
  /** Its parameters' gradients come from all rows, whoever holds the rows of the residual stream. */
  readonly allRows?: true
}

export function working(elements: SizeExpression): Port {
  return { elements, dtype: 'working' }
}

export function f32(elements: SizeExpression): Port {
  return { elements, dtype: 'f32' }
}

export function byte(elements: SizeExpression): Port {
  return { elements, dtype: 'byte' }
}

/** The ports of a segment that are kept under these traits. */
export function savedPorts({ saves = {} }: SegmentSpec, traits: ReadonlySet<Trait>): Record<string, Port> {
  return Object.fromEntries(Object.entries(saves).filter(([, { when }]) => when.every((trait) => traits.has(trait))))
}

export function u32(elements: SizeExpression): Port {
  return { elements, dtype: 'u32' }
}

export function call(
  kernel: KernelName,
  bind: Call['bind'],
  params: Call['params'],
  flops: SizeExpression,
  elements: SizeExpression,
): Call {
  return { kernel, bind, params, flops, elements }
}

type Layout = 'matmul_nn' | 'matmul_nt' | 'matmul_tn'
type Strides = Partial<Record<'aOffset' | 'bOffset' | 'cOffset' | 'lda' | 'ldb' | 'ldc', SizeExpression>>

/**
 * A matrix product [M, K] · [K, N]; 2·M·N·K floating-point operations. `adds`: to what is there, when told to accumulate;
 * `sums`: always. Offsets skip elements; lda, ldb and ldc are the distances of rows that are part of wider ones.
 */
export function product(
  kernel: Layout,
  bind: Call['bind'],
  [M, N, K]: readonly [SizeExpression, SizeExpression, SizeExpression],
  options: { readonly adds?: true; readonly sums?: true } & Strides = {},
): Call {
  const { adds, sums, aOffset = 0, bOffset = 0, cOffset = 0 } = options
  const accumulate = sums ? 1 : adds ? 'accumulate' : 0
  const flops = times(2, M, N, K)
  const elements = plus(times(M, K), times(K, N), times(M, N, plus(1, accumulate)))
  if (kernel === 'matmul_tn') {
    const { lda = M, ldb = N } = options
    return call(kernel, bind, { M, N, K, accumulate, aOffset, bOffset, lda, ldb }, flops, elements)
  }
  const useBias = 'bias' in bind ? 1 : 0
  const bound = useBias ? bind : { ...bind, bias: '' }
  const { lda = K, ldc = N } = options
  return call(kernel, bound, { M, N, K, useBias, accumulate, aOffset, cOffset, lda, ldc }, flops, elements)
}

/** The gradient of a bias: sums over the rows. */
export function biasGradient(dy: string, db: string, N: SizeExpression): Call {
  const elements = times<SizeSymbol>('R', N)
  return call('bias_backward', { dy, db }, { rows: 'R', N, accumulate: 'accumulate' }, elements, plus(elements, N))
}
