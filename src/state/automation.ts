import { FaultError, faultOf } from '../core/errors.ts'
import { exitStatusOf, lineOf, sentence } from '../core/fault.ts'
import type { ParityReport, RunEvent } from '../cluster/run-events.ts'
import { parseConfig } from '../config/parse.ts'
import type { AdapterResult, RunResult } from '../config/result.ts'
import type { SimulatedResult } from '../sim/simulate.ts'

/** An event of a run; a failure also in words, with the rank and the exit status that the command line would have. */
export type AutomationEvent =
  | Exclude<RunEvent, { kind: 'failed' }>
  | (Extract<RunEvent, { kind: 'failed' }> & {
      readonly message: string
      readonly rank: number | null
      readonly exitStatus: number
    })

function worded(event: RunEvent): AutomationEvent {
  if (event.kind !== 'failed') return event
  const { fault } = event
  return { ...event, message: lineOf(fault), rank: fault.rank ?? null, exitStatus: exitStatusOf(fault) }
}

/** Observing and stopping a `run`. */
export interface AutomationOptions {
  /** Called with every event of the run: progress, steps, memory, traffic. */
  readonly onEvent?: (event: AutomationEvent) => void
  /** Ends the run: the result holds the measurements so far. A run that has not begun rejects. */
  readonly signal?: AbortSignal
  /** The text of `data.text`, or the bytes of `data.tokens`. */
  readonly text?: string
  readonly tokens?: ArrayBuffer
  /** A safetensors file to start from. */
  readonly weights?: Blob
}

/** Progress of a comparison; `index` is the configuration's position in the list. */
export type CompareEvent =
  /** Clocked, or refused. */
  | { readonly kind: 'simulated'; readonly index: number; readonly comparison: Comparison }
  /** An event of its training. */
  | { readonly kind: 'run'; readonly index: number; readonly event: AutomationEvent }
  /** Its training ended, or could not begin. */
  | { readonly kind: 'compared'; readonly index: number; readonly comparison: Comparison }

export interface CompareOptions {
  /** Called when a configuration was clocked, for every event of its training, and at its end. */
  readonly onEvent?: (event: CompareEvent) => void
  /** Also train each here, one after another, with one seed, for `steps` steps (20 by default). */
  readonly run?: boolean
  readonly steps?: number
  /** Ends the training; configurations not reached have no `measured`. */
  readonly signal?: AbortSignal
}

export type Comparison =
  /** `measured` where it was trained, else `untrained` is the reason. */
  | { readonly result: SimulatedResult; readonly measured?: RunResult; readonly untrained?: string }
  | { readonly error: string }

/**
 * The API of a TabCluster page for scripts, `window.tabcluster`: configurations and results as on the command line
 * (public/run.schema.json). Every call rejects with one line naming field, value and what is allowed.
 */
export interface TabclusterApi {
  readonly version: 1
  /** The distinct adapters of this browser. */
  readonly adapters: () => Promise<AdapterResult[]>
  /** Trains on this page's cluster, a worker per rank, independently of what the page shows. */
  readonly run: (config: unknown, options?: AutomationOptions) => Promise<RunResult>
  /** Compares the cluster's first-step gradients with one device's. */
  readonly parity: (config: unknown) => Promise<ParityReport>
  /** Clocks the configuration on its virtual cluster; needs no GPU. */
  readonly simulate: (config: unknown) => Promise<SimulatedResult>
  /** Clocks several, and trains them on request; a refused one yields its error. */
  readonly compare: (configs: readonly unknown[], options?: CompareOptions) => Promise<Comparison[]>
}

declare global {
  interface Window {
    tabcluster: TabclusterApi
  }
}

/** Kernels and everything around them are loaded on first use. */
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
  const { startPageRun } = await engine()
  if (signal?.aborted) throw new FaultError(sentence('stopped-before-start'))
  const handle = await startPageRun(parseConfig(input), sources, { evaluateEvery: 0 })
  if (onEvent) handle.subscribe((event) => onEvent(worded(event)))
  const stop = () => void handle.stop().catch(() => undefined)
  signal?.addEventListener('abort', stop, { once: true })
  // An abort before this point had no listener.
  if (signal?.aborted) stop()
  try {
    return await handle.finished
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/** The simulator is loaded on first use. */
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
      end({ ...each, untrained: lineOf(faultOf(error)) })
    }
  }
  return compared
}

function settled(config: unknown): Promise<Comparison> {
  return simulateOne(config).then(
    (result) => ({ result }),
    (error: unknown) => ({ error: lineOf(faultOf(error)) }),
  )
}
