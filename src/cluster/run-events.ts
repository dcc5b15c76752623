import type { Fault } from '../core/fault.ts'
import type { BytesByCategory, BytesByTraffic, PeakBytes } from '../core/bytes.ts'
import type { AdapterResult, EpochResult, RunResult, StepResult } from '../config/result.ts'
import type { ExecutedSpan } from '../schedule/executed-span.ts'

/** Events of a run, for the page, the command line and tests. All numbers here are measured. */

export type RunPhase = 'starting' | 'running' | 'pausing' | 'paused' | 'stopping' | 'stopped' | 'failed' | 'done'

export type RunEvent =
  | { readonly kind: 'phase'; readonly phase: RunPhase }
  /** fraction 0…1, or null when unknown; `what` is a short English key: adapter, data, tokenizer, weights, kernels, compile */
  | { readonly kind: 'progress'; readonly what: string; readonly fraction: number | null; readonly detail: string }
  | { readonly kind: 'adapter'; readonly rank: number; readonly adapter: AdapterResult }
  /** null where the step was paused on its way. */
  | { readonly kind: 'step'; readonly result: StepResult; readonly tokensPerSecond: number | null }
  | { readonly kind: 'epoch'; readonly result: EpochResult }
  | { readonly kind: 'memory'; readonly rank: number; readonly live: BytesByCategory; readonly peak: PeakBytes }
  /** Totals of the last complete step. */
  | {
      readonly kind: 'traffic'
      readonly rank: number
      readonly sentBytes: number
      readonly receivedBytes: number
      readonly traffic: BytesByTraffic
    }
  /**
   * The current op of each rank, a few times a second; null when idle. Exchanges since the last event, absent when
   * unknown.
   */
  | {
      readonly kind: 'current'
      readonly rank: number
      readonly op: number | null
      readonly exchanges?: readonly number[]
    }
  /** Live bytes per op, where they changed since the last event. */
  | { readonly kind: 'held'; readonly rank: number; readonly bytes: readonly (readonly [number, number])[] }
  | { readonly kind: 'spans'; readonly spans: readonly ExecutedSpan[] }
  /** `result`: the measurements so far; null when the first step was not completed. */
  | { readonly kind: 'failed'; readonly fault: Fault; readonly result: RunResult | null }
  | { readonly kind: 'done'; readonly result: RunResult }

export interface GenerateRequest {
  readonly prompt: string
  readonly tokens: number
  /** 0 is greedy. */
  readonly temperature: number
  /** 0 is off. */
  readonly topK: number
  readonly seed: number
}

/** Largest relative difference of each tensor's first-step gradient from one device's with the same seed. */
export interface ParityReport {
  readonly tensors: readonly { readonly name: string; readonly relativeDifference: number }[]
  readonly worst: { readonly name: string; readonly relativeDifference: number }
  readonly lossDifference: number
}

/** The cost of one forward-only pass over a batch, in the same terms as training. */
export interface InferenceReport {
  /** Mean over the loss-bearing tokens of the held-out batch. */
  readonly loss: number
  readonly tokens: number
  readonly seconds: number
  readonly tokensPerSecond: number
  /** Clock cycles under unit costs: m + p − 1 for m micro-batches on p stages. */
  readonly ticks: number
  readonly ranks: readonly {
    readonly rank: number
    /** Peak of this Program and the parameters it uses. */
    readonly peakBytes: PeakBytes
    readonly predictedBytes: PeakBytes
    readonly sentBytes: number
    /** Share of the pass in which the device had no work of this rank. */
    readonly idle: number
  }[]
}

export interface RunHandle {
  subscribe(listener: (event: RunEvent) => void): () => void
  /** Pauses between two ops, or at the end of the step. Resolves once every rank is paused. */
  pause(at: 'op' | 'step'): Promise<void>
  resume(): void
  /** Slow motion: every rank makes this many pipeline ticks per second; null: full speed. */
  pace(ticksPerSecond: number | null): void
  /** From pause: runs to the end of the next training step, pipeline tick or op, and pauses again. */
  advance(by: 'step' | 'tick' | 'op'): Promise<void>
  /**
   * Samples text from the current weights between two steps (a paused step is finished first), or after the end from
   * the final weights where they are kept.
   */
  generate(request: GenerateRequest, onText?: (text: string) => void): Promise<string>
  /** A forward-only pass over a held-out batch, and its cost. */
  evaluate(): Promise<InferenceReport>
  /** The measurements so far; training continues. */
  soFar(): Promise<RunResult>
  /**
   * Full weights gathered from all ranks under the Hugging Face names (safetensors bytes); the final ones after the end
   * where they are kept.
   */
  weights(): Promise<Uint8Array>
  /** Weights, optimizer, step, seed and data position: another run continues from it bit for bit. */
  checkpoint(): Promise<Blob>
  /** Ends the run and releases every worker and buffer; resolves with the measurements so far. */
  stop(): Promise<RunResult>
  readonly finished: Promise<RunResult>
}
