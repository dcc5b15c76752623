import { createStore } from 'zustand/vanilla'
import { errorOf } from '../core/errors.ts'
import { sentence, kindOf } from '../core/fault.ts'
import type { Fault } from '../core/fault.ts'
import { workerFault } from '../core/worker-fault.ts'
import { minimalConfig } from '../config/minimal.ts'
import type { RunConfig } from '../config/types.ts'
import { candidateConfig } from '../sim/planner/candidates.ts'
import type { MeasuredDevice } from '../sim/cost/measured-device.ts'
import type { MemoryCurve } from '../sim/memory-curve.ts'
import type { PlannerResult, PlannerProgress } from '../sim/planner/plan.ts'
import type { ClockedCandidate } from '../sim/planner/clocked-candidate.ts'
import type { SimulatedResult } from '../sim/simulate.ts'
import type { Draft, DraftValue } from './draft-path.ts'
import { isDraft, removePath, writePath } from './draft-path.ts'
import type { History } from './history.ts'
import { redone, undone, NO_HISTORY, withPast } from './history.ts'
import { readableConfig } from './readable-config.ts'
import type { SimulatorReply, SimulatorRequest } from './simulator-protocol.ts'

export type Search =
  | { readonly phase: 'idle' }
  | { readonly phase: 'running'; readonly progress: PlannerProgress | null }
  | { readonly phase: 'found'; readonly plan: PlannerResult }
  | { readonly phase: 'failed'; readonly problem: Fault }

export interface SimulationState extends History {
  readonly draft: Draft
  /** The draft with its defaults filled in, refused or not. */
  readonly config: RunConfig
  /** Of the newest draft that could be simulated; kept while the next one is computed or refused. */
  readonly result: SimulatedResult | null
  readonly milliseconds: number
  readonly problem: Fault | null
  readonly computing: boolean
  /** Live bytes over the step of `result`; null until requested and computed. */
  readonly memory: readonly MemoryCurve[] | null
  readonly search: Search
}

export type SimulationStore = ReturnType<typeof createSimulationStore>

/** The initial draft of the Simulate place: GPT-3 on a thousand devices. */
export const FIRST_SIMULATION: Draft = {
  precision: 'mixed-bf16',
  model: { preset: 'gpt3-175b' },
  batch: { global: 1536, microbatches: 192, sequence: 2048 },
  parallel: { data: 8, tensor: 8, pipeline: 16, schedule: '1f1b', sequenceParallel: true, recompute: 'selective' },
  cluster: { device: 'a100-80gb', intraNode: 'nvlink3', interNode: 'ib-hdr200' },
}

/** The worker interface that the store needs. */
export interface SimulatorWorker {
  postMessage(request: SimulatorRequest): void
  terminate(): void
}

export type OpenSimulator = (onReply: (reply: SimulatorReply) => void, fail: (fault: Fault) => void) => SimulatorWorker

/** The page's simulator: a Web Worker. */
export const openSimulator: OpenSimulator = (onReply, fail) => {
  const worker = new Worker(new URL('./simulator.worker.ts', import.meta.url), { type: 'module', name: 'simulator' })
  worker.addEventListener('message', (event: MessageEvent<SimulatorReply>) => onReply(event.data))
  worker.addEventListener('error', (event) => fail(workerFault(event, sentence('simulator-ended'))))
  return worker
}

/**
 * A draft is simulated whenever it changes; only the newest answer counts. A search has its own worker, so that it can
 * be cancelled.
 */
export function createSimulationStore(
  open: OpenSimulator,
  initial: Draft = FIRST_SIMULATION,
  measured: () => MeasuredDevice | null = () => null,
) {
  const store = createStore<SimulationState>(() => ({
    draft: initial,
    config: readableConfig(initial),
    ...NO_HISTORY,
    result: null,
    milliseconds: 0,
    problem: null,
    computing: false,
    memory: null,
    search: { phase: 'idle' },
  }))
  let simulator: SimulatorWorker | null = null
  let planner: SimulatorWorker | null = null
  let newest = 0
  /** The place has been opened: from then on it is kept up to date. */
  let looked = false

  const onReply = (reply: SimulatorReply) => {
    if (reply.id !== newest) return
    if (reply.kind === 'simulated')
      store.setState({
        result: reply.result,
        milliseconds: reply.milliseconds,
        problem: null,
        computing: false,
        memory: null,
      })
    if (reply.kind === 'remembered') store.setState({ memory: reply.curves })
    if (reply.kind === 'refused') {
      const { fault } = reply
      // The budget is a single field that can be changed.
      const problem = kindOf(fault) === 'outOfMemory' ? { ...fault, field: 'cluster.memoryBytes' } : fault
      store.setState({ problem, computing: false })
    }
  }
  // The worker may have failed to load: the next request uses another.
  const failed = (problem: Fault) => {
    simulator?.terminate()
    simulator = null
    store.setState({ problem, computing: false })
  }
  const request = (id: number, kind: SimulatorRequest['kind']): SimulatorRequest => {
    const own = measured()
    return { id, kind, input: store.getState().draft, ...(own ? { measured: own } : {}) }
  }
  const compute = () => {
    looked = true
    simulator ??= open(onReply, failed)
    store.setState({ computing: true })
    simulator.postMessage(request(++newest, 'simulate'))
  }
  const show = (draft: Draft, { past, future }: History) => {
    store.setState({ draft, config: readableConfig(draft), past, future })
    compute()
  }
  const replace = (draft: Draft) => show(draft, withPast(store.getState()))
  const go = (to: typeof undone) => {
    const moment = to(store.getState())
    if (moment !== null) show(moment.draft, moment)
  }
  const load = (config: Readonly<Record<string, unknown>>) => {
    const draft: DraftValue = JSON.parse(JSON.stringify(config)) as DraftValue
    if (isDraft(draft)) replace(draft)
  }
  const endSearch = (search: Search) => {
    planner?.terminate()
    planner = null
    store.setState({ search })
  }
  return {
    ...store,
    /** Computes the first draft; nothing is computed before the place is opened. */
    start: () => {
      if (!looked || simulator === null) compute()
    },
    /** Recomputes the draft if the place has been opened: the measured device has changed. */
    again: () => {
      if (looked) compute()
    },
    replace,
    /** Loads a configuration from elsewhere: a story, a layout that was found. */
    load,
    set: (path: string, value: DraftValue) => replace(writePath(store.getState().draft, path, value)),
    reset: (path: string) => replace(removePath(store.getState().draft, path)),
    /** Requests the memory curves of what is on screen; they belong to the newest answer. */
    remember: () => {
      const { problem, computing } = store.getState()
      if (simulator !== null && problem === null && !computing) simulator.postMessage(request(newest, 'memory'))
    },
    undo: () => go(undone),
    redo: () => go(redone),
    search: () => {
      endSearch({ phase: 'running', progress: null })
      planner = open(
        (reply) => {
          if (reply.kind === 'planning') store.setState({ search: { phase: 'running', progress: reply.progress } })
          if (reply.kind === 'planned') endSearch({ phase: 'found', plan: reply.plan })
          if (reply.kind === 'refused') endSearch({ phase: 'failed', problem: reply.fault })
        },
        (problem) => endSearch({ phase: 'failed', problem }),
      )
      planner.postMessage(request(1, 'plan'))
    },
    /** The draft's trace as the text of its file, from a separate worker. */
    trace: () =>
      new Promise<string>((resolve, reject) => {
        const tracer = open(
          (reply) => {
            tracer.terminate()
            if (reply.kind === 'traced') resolve(reply.json)
            else
              reject(
                reply.kind === 'refused'
                  ? errorOf(reply.fault)
                  : new Error(`internal: ${reply.kind} in place of a trace`),
              )
          },
          (fault) => {
            tracer.terminate()
            reject(errorOf(fault))
          },
        )
        tracer.postMessage(request(1, 'trace'))
      }),
    cancelSearch: () => endSearch({ phase: 'idle' }),
    /** Takes a layout the search found. */
    take: (base: RunConfig, { candidate }: ClockedCandidate) => {
      load(minimalConfig(candidateConfig(base, candidate)))
    },
  }
}
