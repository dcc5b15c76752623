import type { ParityReport, RunEvent } from '../cluster/run-events.ts'
import { parseConfig } from '../config/parse.ts'
import type { AdapterResult, RunResult } from '../config/result.ts'
import type { SimulatedResult } from '../sim/simulate.ts'

/** How `run` may be watched and ended. */
export interface AutomationOptions {
  /** Hears every event of the run: progress, steps, memory, traffic. */
  readonly onEvent?: (event: RunEvent) => void
  /** Ends the run: the result holds what was measured so far. One that has not begun rejects. */
  readonly signal?: AbortSignal
  /** The text of `data.text`, or the bytes of `data.tokens`. */
  readonly text?: string
  readonly tokens?: ArrayBuffer
  /** A safetensors file to start from. */
  readonly weights?: Blob
}

/** How far a comparison is; `index` is the configuration's place in the list. */
export type CompareEvent =
  /** Clocked, or refused. */
  | { readonly kind: 'simulated'; readonly index: number; readonly comparison: Comparison }
  /** An event of its training. */
  | { readonly kind: 'run'; readonly index: number; readonly event: RunEvent }
  /** Its training ended, or could not begin. */
  | { readonly kind: 'compared'; readonly index: number; readonly comparison: Comparison }

export interface CompareOptions {
  /** Hears of every configuration that was clocked, of every event of its training, and of its end. */
  readonly onEvent?: (event: CompareEvent) => void
  /** Also train each here, one after another: from one seed, for `steps` steps (20 unless told). */
  readonly run?: boolean
  readonly steps?: number
  /** Ends the training; what was not reached has no `measured`. */
  readonly signal?: AbortSignal
}

export type Comparison =
  /** `measured` where it was trained, `untrained` says why not. */
  | { readonly result: SimulatedResult; readonly measured?: RunResult; readonly untrained?: string }
  | { readonly error: string }

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
  /** Clocks several, and trains them on request; a refused one says why in its place. */
  readonly compare: (configs: readonly unknown[], options?: CompareOptions) => Promise<Comparison[]>
}

declare global {
  interface Window {
    tabcluster: TabclusterApi
  }
}

/** Kernels and all that drives them are loaded when they are first asked for. */
const engine = () => import('../cluster/browser-run.ts')

export const automation: TabclusterApi = {
  version: 1,
  adapters: async () => (await engine()).listAdapters(),
  run,
  parity: async (config) => (await engine()).checkPageParity(parseConfig(config)),
  simulate: simulateOne,
  compare,
}

async function run(input: unknown, options: AutomationOptions = {}): Promise<RunResult> {
  const { onEvent, signal, ...sources } = options
  signal?.throwIfAborted()
  const { startPageRun, RunError } = await engine()
  if (signal?.aborted) throw new RunError('the run was stopped before it began', 1)
  const handle = await startPageRun(parseConfig(input), sources, { evaluateEvery: 0 })
  if (onEvent) handle.subscribe(onEvent)
  const stop = () => void handle.stop().catch(() => undefined)
  signal?.addEventListener('abort', stop, { once: true })
  // Nobody listened until here.
  if (signal?.aborted) stop()
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

async function compare(configs: readonly unknown[], options: CompareOptions = {}): Promise<Comparison[]> {
  const { run: train = false, steps = 20, signal, onEvent } = options
  const simulated = await Promise.all(
    configs.map(async (config, index) => {
      const comparison = await settled(config)
      onEvent?.({ kind: 'simulated', index, comparison })
      return comparison
    }),
  )
  if (!train) return simulated
  const [first] = simulated.flatMap((each) => ('result' in each ? [each.result.config.seed] : []))
  const compared: Comparison[] = []
  const end = (comparison: Comparison) => {
    onEvent?.({ kind: 'compared', index: compared.length, comparison })
    compared.push(comparison)
  }
  for (const [index, each] of simulated.entries()) {
    if ('error' in each || signal?.aborted) {
      end(each)
      continue
    }
    const { model, precision, data, batch, optimizer, parallel, cluster } = each.result.config
    const config = { model, precision, data, batch, optimizer, parallel, cluster, steps, seed: first }
    try {
      const measured = await run(config, {
        ...(signal ? { signal } : {}),
        ...(onEvent ? { onEvent: (event) => onEvent({ kind: 'run', index, event }) } : {}),
      })
      end({ ...each, measured })
    } catch (error) {
      end({ ...each, untrained: lineOf(error) })
    }
  }
  return compared
}

const lineOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

function settled(config: unknown): Promise<Comparison> {
  return simulateOne(config).then(
    (result) => ({ result }),
    (error: unknown) => ({ error: lineOf(error) }),
  )
}
