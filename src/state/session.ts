import type { Fault } from '../core/fault.ts'
import type { ScheduleResult } from '../config/result.ts'
import type { Coordinates } from '../core/mesh.ts'
import type { RunConfig } from '../config/types.ts'
import type { BytesByCategory, PeakBytes, TrafficKind } from '../core/bytes.ts'
import type { FoundAdapter, MeasureOptions, PageRun } from '../cluster/browser-run.ts'
import type { ParityReport } from '../cluster/run-events.ts'
import type { MeasuredDevice } from '../sim/cost/measured-device.ts'
import type { Draft } from './draft-path.ts'
import type { Inspected, Target } from './inspect/inspected.ts'
import type { SpanKind } from '../schedule/span-kinds.ts'

/** The page's only interface to the engine: it uses nothing of the engine beyond this file's types. */

/** The user's files instead of a built-in corpus. */
export interface Sources {
  readonly text?: string
  readonly tokens?: ArrayBuffer
  /** A safetensors file to start from, with Hugging Face's GPT-2 names. */
  readonly weights?: Blob
  /** A checkpoint to resume from. */
  readonly checkpoint?: Blob
  /** The name of either. */
  readonly startedFrom?: string
}

export type Parsed =
  | { readonly kind: 'ok'; readonly config: RunConfig }
  | { readonly kind: 'refused'; readonly problems: readonly Fault[] }

export type Availability =
  | { readonly kind: 'ok'; readonly adapters: readonly FoundAdapter[] }
  | { readonly kind: 'noWebGpu' }
  | { readonly kind: 'noAdapter' }
  /** The code that queries the browser could not be loaded. */
  | { readonly kind: 'unknown'; readonly fault: Fault }

/** A cell of a timeline. Times are ticks in the ideal view, seconds in the executed one. */
export interface TimelineSpan {
  readonly row: number
  readonly start: number
  readonly end: number
  readonly kind: SpanKind
  /** "F3", "AR bucket 1" */
  readonly label: string
  readonly microbatch: number | null
  readonly stage: number | null
  /** Bytes moved by a communication, else null. */
  readonly bytes: number | null
  /** The op of an executed cell; null in the schedule, whose cells are several ops. */
  readonly op: number | null
}

/** The page's description of one op of a Program. */
export interface OpNote {
  readonly kind: SpanKind
  /** Short form for cells: "F3". */
  readonly label: string
  /** Longer form for cards and tooltips: "backward h.2.mlp, micro-batch 3". */
  readonly detail: string
  readonly microbatch: number | null
  readonly stage: number | null
  readonly bytes: number | null
  /** What it moves between two ranks: everything its rank sends, or receives of a message; empty for local work. */
  readonly flows: readonly Flow[]
  readonly traffic: TrafficKind | null
}

/** Bytes sent from one rank to another. */
export interface Flow {
  readonly from: number
  readonly to: number
  readonly bytes: number
}

/** Predicted live bytes of one rank from `times[i]` (ticks) until `times[i + 1]`, during op `ops[i]`. */
export interface PlannedMemory {
  readonly times: readonly number[]
  readonly ops: readonly number[]
  readonly bytes: readonly BytesByCategory[]
  /** Free buffers kept for reuse, in bytes. */
  readonly cached: readonly number[]
}

export interface PlannedRank {
  readonly rank: number
  readonly coordinates: Coordinates
  readonly device: 'gpu' | 'cpu'
  readonly peak: PeakBytes
  /** Bytes by category when the live bytes peak; the rest of `peak.total` are free buffers kept for reuse. */
  readonly atPeak: BytesByCategory
  /** Bytes this rank will send in a step. */
  readonly sentBytes: number
  readonly memory: PlannedMemory
}

/** Everything predicted from a configuration without a GPU. */
export interface Plan {
  readonly world: number
  readonly ranks: readonly PlannedRank[]
  readonly ideal: { readonly spans: readonly TimelineSpan[]; readonly end: number }
  readonly schedule: ScheduleResult
  /** Parameters of the model, for the header of the cluster. */
  readonly parameters: number
  /** Set when a rank exceeds the memory budget: such a plan is shown, but not run. */
  readonly overBudget: Fault | null
  describe(rank: number, op: number): OpNote | null
  /** Pairs of ranks that exchange data in a step: "0 3" for both directions between 0 and 3. */
  readonly pairs: readonly string[]
  /** Description, size and formula of a target; null if the Program does not have it. */
  inspect(target: Target): Inspected | null
}

export interface Session {
  parse(input: Draft): Parsed
  /**
   * Compiles the configuration and predicts memory and the ideal timeline, off the main thread. Rejects when aborted.
   */
  plan(config: RunConfig, signal?: AbortSignal): Promise<Plan>
  /**
   * Predicted bytes of the fullest device under each configuration, off the main thread; null for what does not
   * compile. Rejects when aborted.
   */
  peaks(configs: readonly RunConfig[], signal: AbortSignal): Promise<(number | null)[]>
  probe(): Promise<Availability>
  /**
   * `evaluateEvery`: steps between evaluations of the validation loss; `ticksPerSecond`: slow motion, null at full
   * speed; `paused`: before the first step.
   */
  start(
    config: RunConfig,
    sources: Sources,
    options?: { readonly evaluateEvery?: number; readonly ticksPerSecond?: number | null; readonly paused?: boolean },
  ): Promise<PageRun>
  /** Compares the cluster with one device on the same seed. */
  parity(config: RunConfig, sources: Sources): Promise<ParityReport>
  /** Times this device for the simulator. Rejects when aborted. */
  measure(config: RunConfig, options: MeasureOptions): Promise<MeasuredDevice>
}
