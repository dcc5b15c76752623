import type {
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  PlaywrightWorkerArgs,
  PlaywrightWorkerOptions,
  TestType,
} from '@playwright/test'

export { expect } from '@playwright/test'

/** A configuration: public/run.schema.json describes every field; `{}` is valid. */
export type Config = Readonly<Record<string, unknown>>

export interface Adapter {
  readonly vendor: string
  readonly architecture: string
  readonly description: string
  readonly software: boolean
}

export interface Bytes {
  readonly parameters: number
  readonly gradients: number
  readonly optimizer: number
  readonly activations: number
  readonly communication: number
  readonly workspace: number
  readonly cached: number
  readonly total: number
}

export interface Step {
  readonly step: number
  /** Mean over all loss-bearing tokens of the global batch. */
  readonly loss: number
  /** Before clipping. */
  readonly gradNorm: number
  readonly learningRate: number
  readonly tokens: number
  readonly milliseconds: number
}

export interface SimulatedRank {
  readonly rank: number
  readonly coordinates: { readonly data: number; readonly pipeline: number; readonly tensor: number }
  readonly predictedBytes: Bytes
  /** Of one optimizer step. */
  readonly sentBytes: number
  readonly receivedBytes: number
}

export interface Rank extends SimulatedRank {
  /** Measured. */
  readonly peakBytes: Bytes
}

export interface RunResult {
  readonly adapter?: Adapter
  readonly steps?: readonly Step[]
  readonly ranks?: readonly Rank[]
  readonly tokensPerSecond?: { readonly measured?: number; readonly virtual?: number }
  readonly parametersHash?: string
}

export interface SimulatedResult {
  readonly simulated: 'program' | 'stages'
  readonly ranks: readonly SimulatedRank[]
  readonly tokensPerSecond?: { readonly measured?: number; readonly virtual?: number }
  /** Virtual. */
  readonly time: { readonly stepSeconds: number; readonly mfu: number; readonly hfu: number }
}

export interface ParityReport {
  readonly tensors: readonly { readonly name: string; readonly relativeDifference: number }[]
  readonly worst: { readonly name: string; readonly relativeDifference: number }
  readonly lossDifference: number
}

export interface RunOptions {
  /** Hears of every training step. */
  readonly onStep?: (step: Step) => void
  /** Ends the run: the result holds what was measured so far. */
  readonly signal?: AbortSignal
  /** The text of `data.text`. */
  readonly text?: string
}

export interface CompareOptions {
  /** Also train each here. */
  readonly run?: boolean
  readonly steps?: number
  /** Hears of every training step, and of which configuration: its place in the list. */
  readonly onStep?: (step: Step, index: number) => void
}

export interface LaunchOptions {
  /** 'any' (the default) takes a GPU where there is one, else the software adapter. */
  readonly adapter?: 'any' | 'hardware' | 'software'
  /** A Chromium; otherwise TABCLUSTER_CHROMIUM, an installed one, or Playwright's own. */
  readonly executablePath?: string
}

/** Every call has a page of its own and rejects with one line. */
export interface Tabcluster {
  /** The adapter that was found and checked. */
  readonly adapter: Adapter
  /** Where the page is served, on loopback. */
  readonly address: string
  readonly adapters: () => Promise<Adapter[]>
  readonly run: (config: Config, options?: RunOptions) => Promise<RunResult>
  readonly parity: (config: Config) => Promise<ParityReport>
  readonly simulate: (config: Config) => Promise<SimulatedResult>
  /** Clocks all; with `run` also trains each, one after another: from one seed, for `steps` steps (20 unless told). */
  readonly compare: (
    configs: readonly Config[],
    options?: CompareOptions,
  ) => Promise<
    (
      | { readonly result: SimulatedResult; readonly measured?: RunResult; readonly untrained?: string }
      | { readonly error: string }
    )[]
  >
  readonly close: () => Promise<void>
}

/** Throws one line when there is no browser, no adapter, or not one of the wanted kind; nothing is left running then. */
export function launchTabcluster(options?: LaunchOptions): Promise<Tabcluster>

export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & { tabcluster: Tabcluster; tabclusterOptions: LaunchOptions }
>
