import type { Fault } from '../core/fault.ts'
import type { AdapterResult } from '../config/result.ts'
import type { BytesByCategory, BytesByTraffic, PeakBytes } from '../core/bytes.ts'
import type { AdapterChoice, RunConfig } from '../config/types.ts'
import type { RankProgram } from '../schedule/program.ts'
import type { SharedDataset } from '../data/dataset.ts'
import type { ExecutedSpan } from '../schedule/executed-span.ts'
import type { TransportSetup } from './transport/setup.ts'

/**
 * Every message between the coordinator and a rank, on any host. Messages are plain data (structured clone), narrowed
 * by `kind`, never cast.
 */

/** The Programs a rank can hold at once; they share persistent buffers by name. */
export type ProgramName = 'train' | 'evaluate' | 'generate'

/** Kinds of a rank's state. */
export type StateKind = 'parameters' | 'gradients' | 'moment1' | 'moment2' | 'residue'

export type RankRequest =
  | {
      readonly kind: 'open'
      readonly rank: number
      readonly world: number
      readonly config: RunConfig
      readonly adapter: AdapterChoice | 'default'
      /** Kernel variants for all ranks of one adapter, by kernel; empty: this rank measures and reports its choice. */
      readonly variants: Readonly<Record<string, string>>
      readonly transport: TransportSetup
    }
  | {
      readonly kind: 'load'
      readonly name: ProgramName
      readonly program: RankProgram
      readonly dataset: SharedDataset | null
    }
  /** Releases a Program other than the training one. */
  | { readonly kind: 'unload'; readonly name: 'evaluate' | 'generate' }
  /**
   * Elements of a tensor for this rank's holdings, replacing random values (from a checkpoint, or another run's
   * weights).
   */
  | {
      readonly kind: 'put'
      readonly state: StateKind
      readonly tensor: string
      readonly from: number
      readonly data: Float32Array
    }
  | { readonly kind: 'initialise'; readonly draw: boolean }
  /** Runs training steps [step, step + count) in order, pausing on request. */
  | { readonly kind: 'train'; readonly step: number; readonly count: number; readonly captureGradients: boolean }
  | { readonly kind: 'pause'; readonly at: 'op' | 'step' }
  | { readonly kind: 'resume' }
  /** Lets a paused rank run its next op, or its ops up to the end of its next pipeline action. */
  | { readonly kind: 'advance'; readonly by: 'op' | 'tick' }
  /** A forward-only pass on given tokens; the rank with the head answers with a row of logits. */
  | { readonly kind: 'infer'; readonly id: number; readonly tokens: Uint32Array; readonly row: number }
  | { readonly kind: 'evaluate'; readonly id: number; readonly index: number }
  | {
      readonly kind: 'gather'
      readonly id: number
      readonly state: StateKind
      readonly tensors: readonly string[] | null
    }
  | { readonly kind: 'trace'; readonly on: boolean }
  | { readonly kind: 'abort'; readonly fault: Fault }
  | { readonly kind: 'close' }

export interface TensorPiece {
  readonly tensor: string
  readonly from: number
  readonly data: Float32Array
}

export type RankReply =
  | {
      readonly kind: 'opened'
      readonly adapter: AdapterResult | null
      readonly variants: Readonly<Record<string, string>>
    }
  | { readonly kind: 'loaded'; readonly name: ProgramName }
  | { readonly kind: 'initialised' }
  | { readonly kind: 'progress'; readonly what: string; readonly fraction: number | null; readonly detail: string }
  /** This rank's part of a step: loss and squared norm add up over ranks. */
  | {
      readonly kind: 'step'
      readonly step: number
      readonly loss: number
      readonly normSquared: number
      readonly seconds: number
      readonly memory: { readonly live: BytesByCategory; readonly peak: PeakBytes }
      readonly sentBytes: number
      readonly receivedBytes: number
      readonly traffic: BytesByTraffic
      /** Of each push applied in the step, in order; only for an asynchronous server. */
      readonly staleness?: readonly number[]
    }
  | { readonly kind: 'trained' }
  | { readonly kind: 'paused'; readonly step: number; readonly op: number | null }
  | {
      readonly kind: 'current'
      readonly op: number | null
      /** Exchanges since the last report, and live bytes per op where they changed (cluster/rank-activity.ts). */
      readonly exchanges: readonly number[]
      readonly held: readonly (readonly [number, number])[]
      readonly live: BytesByCategory
      readonly peak: PeakBytes
    }
  | { readonly kind: 'spans'; readonly spans: readonly ExecutedSpan[] }
  | { readonly kind: 'logits'; readonly id: number; readonly logits: Float32Array | null }
  | {
      readonly kind: 'evaluated'
      readonly id: number
      readonly loss: number
      readonly seconds: number
      readonly peak: PeakBytes
      readonly sentBytes: number
      readonly busySeconds: number
    }
  | { readonly kind: 'pieces'; readonly id: number; readonly pieces: readonly TensorPiece[] }
  | { readonly kind: 'captured'; readonly pieces: readonly TensorPiece[] }
  | { readonly kind: 'failed'; readonly fault: Fault }
  | { readonly kind: 'closed'; readonly liveBytes: number }

/** One end of the connection between coordinator and rank. */
export interface RankPort<Out, In> {
  post(message: Out): void
  listen(listener: (message: In) => void): void
  close(): void
}
