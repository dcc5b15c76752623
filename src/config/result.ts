import type { Coordinates } from '../core/mesh.ts'
import type { BytesByTraffic, PeakBytes } from '../core/bytes.ts'
import type { RunConfig } from './types.ts'

/**
 * The result of `train`, `simulate`, the page and `window.tabcluster`. Parts that a command does not produce are
 * absent.
 */
export interface StepResult {
  readonly step: number
  /** Mean over all loss-bearing tokens of the global batch. */
  readonly loss: number
  /** Global gradient norm before clipping. */
  readonly gradNorm: number
  readonly learningRate: number
  readonly tokens: number
  readonly milliseconds: number
  /** Paused on its way, or in slow motion: its milliseconds are no measure of speed. */
  readonly interrupted?: true
  /** Asynchronous server: staleness of each push applied in this step, in updates. */
  readonly staleness?: readonly number[]
  readonly validationLoss?: number
}

export interface EpochResult {
  readonly epoch: number
  readonly seconds: number
  readonly tokensPerSecond: number
}

export interface RankResult {
  readonly rank: number
  readonly coordinates: Coordinates
  readonly peakBytes: PeakBytes
  readonly predictedBytes: PeakBytes
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly traffic: BytesByTraffic
}

export interface ScheduleResult {
  readonly bubble: number
  readonly deviceBubble: number
  readonly makespan: number
  readonly peakActivations: readonly number[]
}

export interface TimeResult {
  readonly stepSeconds: number
  readonly computeSeconds: readonly number[]
  readonly communicationSeconds: readonly number[]
  readonly idleSeconds: readonly number[]
  readonly mfu: number
  readonly hfu?: number
}

export interface AdapterResult {
  readonly vendor: string
  readonly architecture: string
  readonly description: string
  readonly software: boolean
  /** The kernel variants chosen for this adapter. */
  readonly kernels: string
}

export interface RunResult {
  readonly config: RunConfig
  /** Name of the initial weights' file; absent where they were drawn from the seed. */
  readonly startedFrom?: string
  readonly adapter?: AdapterResult
  readonly steps?: readonly StepResult[]
  readonly epochs?: readonly EpochResult[]
  readonly tokensPerSecond?: { readonly measured?: number; readonly virtual?: number }
  readonly ranks?: readonly RankResult[]
  readonly schedule?: ScheduleResult
  readonly time?: TimeResult
  readonly parametersHash?: string
  /** What ended the run early; absent otherwise. */
  readonly error?: string
}
