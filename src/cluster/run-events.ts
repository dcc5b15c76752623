import type { BytesByCategory, BytesByTraffic, PeakBytes } from '../core/bytes.ts'
import type { AdapterResult, EpochResult, RunResult, StepResult } from '../config/result.ts'
import type { ExecutedSpan } from '../schedule/executed-span.ts'

/** What a run tells whoever started it: the page, the command line, tests. All numbers here are measured. */

export type RunPhase = 'starting' | 'running' | 'pausing' | 'paused' | 'stopping' | 'stopped' | 'failed' | 'done'

export type RunEvent =
  | { readonly kind: 'phase'; readonly phase: RunPhase }
  /** fraction 0…1, or null when unknown; `what` is a short English key: adapter, data, tokenizer, weights, kernels, compile */
  | { readonly kind: 'progress'; readonly what: string; readonly fraction: number | null; readonly detail: string }
  | { readonly kind: 'adapter'; readonly rank: number; readonly adapter: AdapterResult }
  /** No rate where the step was held on its way. */
  | { readonly kind: 'step'; readonly result: StepResult; readonly tokensPerSecond: number | null }
  | { readonly kind: 'epoch'; readonly result: EpochResult }
  | { readonly kind: 'memory'; readonly rank: number; readonly live: BytesByCategory; readonly peak: PeakBytes }
  /** Totals of the last whole step. */
  | {
      readonly kind: 'traffic'
      readonly rank: number
      readonly sentBytes: number
      readonly receivedBytes: number
      readonly traffic: BytesByTraffic
    }
  /** The op each rank is at, a few times a second; null when idle. Exchanges since the last time, absent when not known. */
  | {
      readonly kind: 'current'
      readonly rank: number
      readonly op: number | null
      readonly exchanges?: readonly number[]
    }
  /** Bytes that were live while ops ran, by op, where they differ from what was told before. */
  | { readonly kind: 'held'; readonly rank: number; readonly bytes: readonly (readonly [number, number])[] }
  | { readonly kind: 'spans'; readonly spans: readonly ExecutedSpan[] }
  /** `result`: what was measured before; null when the run did not come to its first step. */
  | {
      readonly kind: 'failed'
      readonly message: string
      readonly rank: number | null
      readonly exitStatus: number
      readonly result: RunResult | null
    }
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

/** Largest relative difference of each tensor's first-step gradient to one device's on the same seed. */
export interface ParityReport {
  readonly tensors: readonly { readonly name: string; readonly relativeDifference: number }[]
  readonly worst: { readonly name: string; readonly relativeDifference: number }
  readonly lossDifference: number
}

/** What one forward-only pass over a batch cost: the same questions as for training. */
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
    /** Share of the pass in which the device had nothing of this rank to do. */
    readonly idle: number
  }[]
}

export interface RunHandle {
  subscribe(listener: (event: RunEvent) => void): () => void
  /** Pauses between two ops, or at the end of the step. Resolves once every rank stands still. */
  pause(at: 'op' | 'step'): Promise<void>
  resume(): void
  /** Slow motion: every rank makes this many pipeline ticks per second; null: full speed. */
  pace(ticksPerSecond: number | null): void
  /** From pause: runs to the end of the next training step, the next pipeline tick, or the next op, and pauses again. */
  advance(by: 'step' | 'tick' | 'op'): Promise<void>
  /** Samples text from the weights in training; between two steps: held within one, that step is finished first; after the end from the final weights where they are kept. */
  generate(request: GenerateRequest, onText?: (text: string) => void): Promise<string>
  /** A forward-only pass over a batch of the held-out split, and what it cost. */
  evaluate(): Promise<InferenceReport>
  /** What is measured so far; training goes on beside it. */
  soFar(): Promise<RunResult>
  /** Full weights gathered from all ranks under the Hugging Face names (safetensors bytes); the final ones where they are kept. */
  weights(): Promise<Uint8Array>
  /** Weights, optimizer, step, seed and position in the data: another run goes on from it bit for bit. */
  checkpoint(): Promise<Blob>
  /** Ends the run, releases every worker and buffer; resolves with what was measured so far. */
  stop(): Promise<RunResult>
  readonly finished: Promise<RunResult>
}
