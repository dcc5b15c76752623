import type { AdapterResult } from '../config/result.ts'
import type { BytesByCategory, BytesByTraffic, PeakBytes } from '../core/bytes.ts'
import type { AdapterChoice, RunConfig } from '../config/types.ts'
import type { RankProgram } from '../schedule/program.ts'
import type { SharedDataset } from '../data/dataset.ts'
import type { ExecutedSpan } from '../schedule/executed-span.ts'
import type { TransportSetup } from './transport/setup.ts'

/**
 * Every message between the coordinator and a rank, whatever hosts the rank. Messages are plain data (structured clone);
 * they are narrowed by `kind`, never cast.
 */

/** The Programs a rank can hold at once; they share persistent buffers by name. */
export type ProgramName = 'train' | 'evaluate' | 'generate'

/** Which of a rank's state is asked for. */
export type StateKind = 'parameters' | 'gradients' | 'moment1' | 'moment2' | 'residue'

export type RankRequest =
  | {
      readonly kind: 'open'
      readonly rank: number
      readonly world: number
      readonly config: RunConfig
      readonly adapter: AdapterChoice | 'default'
      /** Kernel variants every rank of one adapter uses, by kernel; empty: this rank measures and reports its choice. */
      readonly variants: Readonly<Record<string, string>>
      readonly transport: TransportSetup
    }
  | {
      readonly kind: 'load'
      readonly name: ProgramName
      readonly program: RankProgram
      readonly dataset: SharedDataset | null
    }
  /** Releases a Program that is not the training one. */
  | { readonly kind: 'unload'; readonly name: 'evaluate' | 'generate' }
  /** Elements of a tensor for this rank's holdings, in place of the drawn values (a checkpoint, another run's weights). */
  | {
      readonly kind: 'put'
      readonly state: StateKind
      readonly tensor: string
      readonly from: number
      readonly data: Float32Array
    }
  | { readonly kind: 'initialise'; readonly draw: boolean }
  /** Runs training steps [step, step + count) in order, pausing where asked. */
  | { readonly kind: 'train'; readonly step: number; readonly count: number; readonly captureGradients: boolean }
  | { readonly kind: 'pause'; readonly at: 'op' | 'step' }
  | { readonly kind: 'resume' }
  /** Lets a held rank make its next op, or its ops up to the end of its next pipeline action. */
  | { readonly kind: 'advance'; readonly by: 'op' | 'tick' }
  /** A forward-only pass on given tokens; the rank that holds the head answers with a row of logits. */
  | { readonly kind: 'infer'; readonly id: number; readonly tokens: Uint32Array; readonly row: number }
  | { readonly kind: 'evaluate'; readonly id: number; readonly index: number }
  | {
      readonly kind: 'gather'
      readonly id: number
      readonly state: StateKind
      readonly tensors: readonly string[] | null
    }
  | { readonly kind: 'trace'; readonly on: boolean }
  | { readonly kind: 'abort'; readonly reason: string }
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
      /** Of each push applied in the step, in order; absent but on an asynchronous server. */
      readonly staleness?: readonly number[]
    }
  | { readonly kind: 'trained' }
  | { readonly kind: 'paused'; readonly step: number; readonly op: number | null }
  | {
      readonly kind: 'current'
      readonly op: number | null
      /** Exchanges since the last time, and bytes live at ops where they differ from before (cluster/rank-activity.ts). */
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
  | {
      readonly kind: 'failed'
      readonly op: string | null
      readonly message: string
      readonly exitStatus: number
      /** Of the configuration, where that is what this rank refuses. */
      readonly field: string | null
    }
  | { readonly kind: 'closed'; readonly liveBytes: number }

/** One end of the line between coordinator and rank. */
export interface RankPort<Out, In> {
  post(message: Out): void
  listen(listener: (message: In) => void): void
  close(): void
}
