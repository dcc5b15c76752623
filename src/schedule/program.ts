import type { Category, TrafficKind } from '../core/bytes.ts'
import type { Dtype } from '../core/dtypes.ts'
import type { ComputeKind, OpDims, SegmentRef } from '../core/segments.ts'
import type { BufferId } from './buffers.ts'

export type { ComputeKind, OpDims, SegmentKind, SegmentRef } from '../core/segments.ts'

/**
 * A Program: for every rank an ordered list of Ops. Strategies write it; the executor, the clock, the memory ledger, the
 * validator and the timeline read it. Nothing else in the system knows what a strategy is.
 */

/** A buffer of one rank. Elements are words in execution; `bytes` is what the ledger counts. */
export interface BufferSpec extends BufferId {
  /** `bufferName` of the record; unique within its rank */
  readonly name: string
  readonly category: Category
  readonly elements: number
  readonly dtype: Dtype
  readonly bytes: number
  /** Where it lives: on the device, in host memory (CPU server, offload), as a mappable staging buffer for read-back, or
   *  as the device's arena of kernel parameters (one 256-byte slot each). Host buffers do not count against the device. */
  readonly home: 'device' | 'host' | 'staging' | 'uniform'
  /** Persistent buffers are live before the prologue and after the epilogue; others from first write to last use. */
  readonly persistent: boolean
}

/** `length` elements of a buffer from `offset`. A list of spans is one logical vector, in order. */
export interface Span {
  readonly buffer: string
  readonly offset: number
  readonly length: number
}

interface OpBase {
  /** Position in the rank's list, over prologue, step and epilogue; unique within the rank. */
  readonly id: number
  /** Ops of one stream run in list order; different streams overlap. */
  readonly stream: string
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  readonly stage?: number
  readonly microbatch?: number
  /** Position in the rank's pipeline order of the action it was lowered from; absent for what is put around and between. */
  readonly action?: number
  /** Ops of one turn run together; a rank whose ops have turns runs them in the order of a virtual clock (async server). */
  readonly turn?: string
}

/** A segment's kernels. `args` names the buffer behind each role of the segment's signature (model/segments.ts). */
export interface ComputeOp extends OpBase {
  readonly kind: ComputeKind
  readonly segment: SegmentRef
  readonly dims: OpDims
  readonly args: Readonly<Record<string, string>>
  /** Gradients written by this op are added to what is there (a later micro-batch) instead of replacing it. */
  readonly accumulate: boolean
}

export type CollectiveKind =
  'allReduce' | 'reduceScatter' | 'allGather' | 'broadcast' | 'reduce' | 'gather' | 'scatter' | 'push' | 'pull'

/**
 * A collective over `group` (ranks in group order). `source` and `target` are this rank's parts: for allReduce, reduce
 * and broadcast equal lengths everywhere; for reduceScatter the source is the whole vector and the target this rank's
 * part (`parts[i]` elements belong to group member i); for allGather and gather the reverse; scatter like reduceScatter
 * without the sum. push (a reduce to root) and pull (a broadcast from root) are the parameter server's words.
 */
export interface CollectiveOp extends OpBase {
  readonly kind: CollectiveKind
  readonly group: readonly number[]
  /** Group member (a rank) that sends or receives the whole, for rooted collectives. */
  readonly root?: number
  readonly source: readonly Span[]
  readonly target: readonly Span[]
  /** Elements per group member, for reduceScatter, allGather, gather and scatter. */
  readonly parts?: readonly number[]
  readonly algorithm: 'ring' | 'tree' | 'star'
  readonly traffic: TrafficKind
  /** What moves, for labels: "bucket 3", "unit h.2", "grad norm". */
  readonly subject: string
  /** How members combine; sum unless said. */
  readonly combine?: 'sum' | 'max'
  /** Bytes of one element on the wire: 4 in execution. */
  readonly elementBytes: number
  /** Part of a recomputation, which repeats the forward pass as it was: its last result may be read by nobody. */
  readonly phase?: 'recompute'
  /** The member takes part for the others' sake: nothing of what it keeps need be read. */
  readonly mayBeUnread?: true
}

export interface SendOp extends OpBase {
  readonly kind: 'send'
  readonly peer: number
  readonly source: readonly Span[]
  readonly traffic: TrafficKind
  readonly subject: string
  readonly elementBytes: number
  /** 'F' for activations, 'B' for gradients: the letter in "1SEND_F2". */
  readonly direction: 'F' | 'B'
}

export interface RecvOp extends OpBase {
  readonly kind: 'recv'
  readonly peer: number
  readonly target: readonly Span[]
  readonly traffic: TrafficKind
  readonly subject: string
  readonly elementBytes: number
  readonly direction: 'F' | 'B'
}

/** One parameter range and the state that updates it; all of equal length. */
export interface Update {
  readonly parameter: Span
  readonly gradient: Span
  /** What is really updated, where the parameter is a coarser copy of it (mixed precision). */
  readonly master?: Span
  /** Absent where SGD keeps no momentum. */
  readonly moment1?: Span
  /** Absent for SGD. */
  readonly moment2?: Span
  readonly decay: boolean
}

export interface OptimizerStepOp extends OpBase {
  readonly kind: 'optimizerStep'
  readonly updates: readonly Update[]
  /** 'host': the update runs on the CPU (CPU server, offload). */
  readonly at: 'device' | 'host'
  /** Squared global norm, one element; absent without clipping. */
  readonly norm?: string
}

/** Sum of squares of the spans into `target` (one element): each parameter of the model counted once over all ranks. */
export interface GradNormOp extends OpBase {
  readonly kind: 'gradNorm'
  readonly spans: readonly Span[]
  readonly target: string
  readonly scratch: string
  readonly at: 'device' | 'host'
}

/** Uploads the inputs of a micro-batch: samples `samples` of the step's global batch. */
export interface LoadBatchOp extends OpBase {
  readonly kind: 'loadBatch'
  readonly samples: readonly number[]
  /** Buffers by role: tokens, targets, weights, segments (whichever this rank needs). */
  readonly args: Readonly<Record<string, string>>
  readonly dims: OpDims
}

/** Fills spans with zero. */
export interface ClearOp extends OpBase {
  readonly kind: 'clear'
  readonly spans: readonly Span[]
}

/** target += source (or target = source with `assign`), element by element, on the device. */
export interface AddOp extends OpBase {
  readonly kind: 'add'
  readonly source: readonly Span[]
  readonly target: readonly Span[]
  readonly assign: boolean
}

/** Compresses each source span into its target span on the device (layouts: comm/codecs); `residue` takes what top-k leaves. */
export interface EncodeOp extends OpBase {
  readonly kind: 'encode'
  readonly codec: 'fp16' | 'int8' | 'topk'
  readonly source: readonly Span[]
  readonly target: readonly Span[]
  readonly residue?: Span
}

/** Decompresses each source span into its target span, or adds it there. */
export interface DecodeOp extends OpBase {
  readonly kind: 'decode'
  readonly codec: 'fp16' | 'int8' | 'topk'
  readonly source: readonly Span[]
  readonly target: readonly Span[]
  readonly accumulate: readonly boolean[]
}

/** Moves a vector between device and host memory of the same rank. */
export interface OffloadOp extends OpBase {
  readonly kind: 'offload' | 'fetch'
  readonly source: readonly Span[]
  readonly target: readonly Span[]
  /** Adds to host memory instead of replacing what is there. */
  readonly accumulate?: boolean
  readonly subject: string
}

/** Hands this rank's part of the step's loss and squared gradient norm to whoever listens: parts add up over ranks. */
export interface ReportOp extends OpBase {
  readonly kind: 'report'
  readonly loss?: string
  readonly norm?: string
}

export type Op =
  | ComputeOp
  | CollectiveOp
  | SendOp
  | RecvOp
  | OptimizerStepOp
  | GradNormOp
  | LoadBatchOp
  | ClearOp
  | AddOp
  | EncodeOp
  | DecodeOp
  | OffloadOp
  | ReportOp

/** Where a range of a tensor lives on this rank: elements [from, from + span.length) of the rank's (tensor-sharded) tensor. */
export interface Holding {
  readonly tensor: string
  readonly from: number
  readonly span: Span
}

/** The model's state on one rank, for initial values, checkpoints and comparisons. Gradients hold just before the optimizer. */
export interface RankState {
  readonly parameters: readonly Holding[]
  readonly gradients: readonly Holding[]
  readonly moment1: readonly Holding[]
  readonly moment2: readonly Holding[]
  /** Parameters are drawn (or loaded) here; false where the prologue or each step brings them from another rank. */
  readonly drawn: boolean
}

/**
 * What memory that a buffer gave back is used for: another of exactly its size, as the executor's slots are, or anything, as
 * allocators that split and join blocks come close to. Neither gives it back to the device before the end.
 */
export type Reuse = 'same size' | 'any size'

export interface RankProgram {
  readonly rank: number
  readonly coordinates: { readonly data: number; readonly pipeline: number; readonly tensor: number }
  /** 'cpu': a rank without a device (CPU parameter server). */
  readonly device: 'gpu' | 'cpu'
  readonly buffers: ReadonlyMap<string, BufferSpec>
  readonly reuse: Reuse
  readonly state: RankState
  /** Once, before the first step. */
  readonly prologue: readonly Op[]
  /** Repeated. */
  readonly step: readonly Op[]
  /** Once, after the last step. */
  readonly epilogue: readonly Op[]
}

export interface Program {
  readonly world: number
  readonly ranks: readonly RankProgram[]
  /** Named groups of ranks for the mesh view: "data", "tensor", "pipeline". */
  readonly groups: Readonly<Record<string, readonly (readonly number[])[]>>
}
