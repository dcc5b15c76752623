import type { Dtype } from '../core/dtypes.ts'
import type { Expression } from '../core/expression.ts'
import { plus, times } from '../core/expression.ts'
import type { SegmentKind } from '../core/segments.ts'
import type { KernelName } from './kernels.ts'

/**
 * A segment of a model as data: its parameters, its buffers, and the kernels of its forward, input gradient and weight
 * gradient, with all sizes, floating-point operations and bytes as expressions of the same symbols. Strategies lower
 * it; the ledger, the cost model and the inspector evaluate it. To add one: an entry in model/segments/.
 */

/**
 * B batch, T sequence, C channels, NH heads, KV key/value heads, HS size of a head, F width of the MLP, V vocabulary
 * rows, R rows (tokens) of the op, N longest sequence, t ranks that share the tensors: all as held by this rank.
 * epsilon of norms, logTheta = log₂ of the rotary base. Flags (0 or 1): accumulate (adds to gradients), upstream (a
 * gradient bypasses on the residual stream), first (holds the first rows of the vocabulary).
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
  /** Split along the last axis. */
  | { readonly kind: 'columns' }
  /** Split along the first axis. */
  | { readonly kind: 'rows' }
  /** Adjacent columns of q, k and v, each split by heads. */
  | { readonly kind: 'qkv' }
  /** Vocabulary rows, padded to a multiple. */
  | { readonly kind: 'vocab' }

/** A parameter of a segment, by role; the family sets its name and initial values. */
export interface ParameterPort {
  readonly shape: readonly SizeExpression[]
  /** How tensor parallelism splits it; null: replicated on every rank. */
  readonly cut: TensorAxis | null
}

export interface Port {
  readonly elements: SizeExpression
  readonly dtype: Dtype
}

/** Variations of software around the same mathematics, which decide what is kept for the backward pass. */
const TRAITS = [
  /** The T × T attention scores of every head are written to memory. */
  'materialized',
  'dropout',
  /** Adjacent element-wise kernels are not fused: intermediate values are in memory. */
  'unfused',
] as const
export type Trait = (typeof TRAITS)[number]

/** Kept only where all its traits hold: the forward writes it and the backward reads it, besides what kernels bind. */
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
  /** Buffers of the forward inside the segment; those that its backward reads are kept until then. */
  readonly makes: Readonly<Record<string, Port>>
  /** What the forward also keeps for the backward under other software than this project's. */
  readonly saves?: Readonly<Record<string, SavedPort>>
  /** Buffers of the backward inside the segment. */
  readonly gradients: Readonly<Record<string, Port>>
  /** Other valid roles. */
  readonly edges: Readonly<Record<string, Port>>
  readonly forward: readonly Call[]
  /** With the gradients of parameters whose inputs nobody keeps (norms). */
  readonly input: readonly Call[]
  readonly weight: readonly Call[]
  /** The part that selective recomputation repeats, and what it produces again. */
  readonly core?: { readonly kind: SegmentKind; readonly makes: readonly string[] }
  /** Its parameters' gradients come from all rows, whichever rank holds the residual stream. */
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
 * A matrix product [M, K] · [K, N]; 2·M·N·K floating-point operations. `adds`: accumulates when told to; `sums`:
 * always. Offsets skip elements; lda, ldb and ldc are the strides of rows that are part of wider ones.
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

/** The gradient of a bias: column sums. */
export function biasGradient(dy: string, db: string, N: SizeExpression): Call {
  const elements = times<SizeSymbol>('R', N)
  return call('bias_backward', { dy, db }, { rows: 'R', N, accumulate: 'accumulate' }, elements, plus(elements, N))
}
