import type { Fault } from '../core/fault.ts'
import type { RunConfig } from '../config/types.ts'
import type { GenerateRequest, InferenceReport, ParityReport, RunEvent } from './run-events.ts'
import type { RunResult } from '../config/result.ts'
import type { MeasuredDevice } from '../sim/cost/measured-device.ts'

/** Messages between the page and its conductor worker. */

export interface PageSources {
  readonly text?: string
  readonly tokens?: ArrayBuffer
  /** A safetensors file to start from. */
  readonly weights?: Blob
  /** A checkpoint to resume from. */
  readonly checkpoint?: Blob
}

export type ConductorCall =
  | {
      readonly kind: 'start'
      readonly config: RunConfig
      readonly sources: PageSources
      readonly paused: boolean
      readonly ticksPerSecond: number | null
      readonly evaluateEvery: number
      readonly keepWeights: boolean
    }
  | { readonly kind: 'pause'; readonly at: 'op' | 'step' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'pace'; readonly ticksPerSecond: number | null }
  | { readonly kind: 'advance'; readonly by: 'step' | 'tick' | 'op' }
  | { readonly kind: 'generate'; readonly request: GenerateRequest }
  | { readonly kind: 'evaluate' }
  | { readonly kind: 'soFar' }
  | { readonly kind: 'weights' }
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'parity'; readonly config: RunConfig; readonly sources: PageSources }
  | { readonly kind: 'measure'; readonly config: RunConfig; readonly known: MeasuredDevice | undefined }

export type ConductorRequest = { readonly id: number; readonly call: ConductorCall }

export type ConductorValue =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'inference'; readonly report: InferenceReport }
  | { readonly kind: 'blob'; readonly blob: Blob }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'result'; readonly result: RunResult }
  | { readonly kind: 'parity'; readonly report: ParityReport }
  | { readonly kind: 'measured'; readonly measured: MeasuredDevice }

export type ConductorReply =
  | { readonly kind: 'event'; readonly event: RunEvent }
  | { readonly kind: 'text'; readonly id: number; readonly text: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value: ConductorValue }
  /** An exception outside any request. */
  | { readonly kind: 'crashed'; readonly fault: Fault }
  | { readonly kind: 'refusal'; readonly id: number; readonly fault: Fault }
