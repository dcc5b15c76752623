import { checkParity, listAdapters, startRun } from '../cluster/browser-run.ts'
import type { ParityReport, RunEvent } from '../cluster/run-events.ts'
import { parseConfig } from '../config/parse.ts'
import type { AdapterResult, RunResult } from '../config/result.ts'
import type { SimulatedResult } from '../sim/simulate.ts'

/** How `run` may be watched and ended. */
export interface AutomationOptions {
  /** Hears every event of the run: progress, steps, memory, traffic. */
  readonly onEvent?: (event: RunEvent) => void
  /** Ends the run: the result holds what was measured so far. */
  readonly signal?: AbortSignal
  /** The text of `data.text`, or the bytes of `data.tokens`. */
  readonly text?: string
  readonly tokens?: ArrayBuffer
  /** A safetensors file to start from. */
  readonly weights?: Blob
}

export type Comparison = { readonly result: SimulatedResult } | { readonly error: string }

/**
 * What a page of TabCluster offers to scripts as `window.tabcluster`: configurations and results as the command line has
 * them (public/run.schema.json). Every call rejects with one line naming field, value and what is allowed.
 */
export interface TabclusterApi {
  readonly version: 1
  /** The distinct adapters of this browser. */
  readonly adapters: () => Promise<AdapterResult[]>
  /** Trains on this page's cluster, a worker per rank, apart from what the page shows. */
  readonly run: (config: unknown, options?: AutomationOptions) => Promise<RunResult>
  /** First-step gradients of the configuration's cluster against one device's. */
  readonly parity: (config: unknown) => Promise<ParityReport>
  /** Clocks the configuration on its virtual cluster; needs no GPU. */
  readonly simulate: (config: unknown) => Promise<SimulatedResult>
  /** Clocks several; a refused one says why in its place. */
  readonly compare: (configs: readonly unknown[]) => Promise<Comparison[]>
}

declare global {
  interface Window {
    tabcluster: TabclusterApi
  }
}

export const automation: TabclusterApi = {
  version: 1,
  adapters: listAdapters,
  run,
  parity: async (config) => checkParity(parseConfig(config)),
  simulate: simulateOne,
  compare: (configs) =>
    Promise.all(
      configs.map((config) =>
        simulateOne(config).then(
          (result) => ({ result }),
          (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
        ),
      ),
    ),
}

async function run(input: unknown, options: AutomationOptions = {}): Promise<RunResult> {
  const { onEvent, signal, ...sources } = options
  signal?.throwIfAborted()
  const handle = await startRun(parseConfig(input), sources, { evaluateEvery: 0 })
  if (onEvent) handle.subscribe(onEvent)
  const stop = () => void handle.stop().catch(() => undefined)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await handle.finished
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/** The simulator is loaded when it is first asked for. */
async function simulateOne(input: unknown): Promise<SimulatedResult> {
  const config = parseConfig(input, 'simulate')
  const { simulate } = await import('../sim/simulate.ts')
  return simulate(config).result
}
