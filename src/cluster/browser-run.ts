import { FaultError, faultErrorOf, errorOf } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { Fault } from '../core/fault.ts'
import { workerFault } from '../core/worker-fault.ts'
import type { AdapterResult, RunResult } from '../config/result.ts'
import type { AdapterChoice, RunConfig } from '../config/types.ts'
import type { MeasuredDevice } from '../sim/cost/measured-device.ts'
import { describeAdapter } from '../gpu/device.ts'
import type {
  ConductorCall,
  ConductorReply,
  ConductorRequest,
  ConductorValue,
  PageSources,
} from './conductor-protocol.ts'
import type { GenerateRequest, ParityReport, RunEvent, RunHandle } from './run-events.ts'

type Waiting = {
  resolve: (value: ConductorValue) => void
  reject: (error: Error) => void
  onText?: (text: string) => void
}

/** The page's side of a conductor worker. */
class Conductor {
  private readonly worker = new Worker(new URL('./hosts/conductor.worker.ts', import.meta.url), {
    type: 'module',
    name: 'conductor',
  })
  private readonly waiting = new Map<number, Waiting>()
  private nextId = 0
  private ended: Error | null = null
  onEvent: (event: RunEvent) => void = () => {}
  /** Called once if the worker dies: it could not be loaded, or threw an uncaught exception. */
  onCrash: (error: FaultError) => void = () => {}

  constructor() {
    this.worker.addEventListener('message', (event: MessageEvent<ConductorReply>) => this.onReply(event.data))
    this.worker.addEventListener('error', (event) => this.crash(workerFault(event, sentence('run-not-loaded'))))
    this.worker.addEventListener('messageerror', () => this.crash(sentence('run-message-unreadable')))
  }

  ask(call: ConductorCall, onText?: (text: string) => void): Promise<ConductorValue> {
    // A dead worker answers nothing.
    if (this.ended) return Promise.reject(this.ended)
    const id = ++this.nextId
    const request: ConductorRequest = { id, call }
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, ...(onText ? { onText } : {}) })
      this.worker.postMessage(request)
    })
  }

  /** Terminates the worker and with it those of its ranks, whatever they are doing. */
  end(error: Error): void {
    this.ended ??= error
    this.worker.terminate()
    for (const { reject } of this.waiting.values()) reject(error)
    this.waiting.clear()
  }

  private crash(fault: Fault): void {
    if (this.ended) return
    const error = errorOf(fault)
    this.end(error)
    this.onCrash(error)
  }

  private onReply(reply: ConductorReply): void {
    if (this.ended) return
    if (reply.kind === 'crashed') return this.crash(reply.fault)
    if (reply.kind === 'event') return this.onEvent(reply.event)
    const waiting = this.waiting.get(reply.id)
    if (!waiting) return
    if (reply.kind === 'text') return waiting.onText?.(reply.text)
    this.waiting.delete(reply.id)
    if (reply.kind === 'answer') waiting.resolve(reply.value)
    else waiting.reject(errorOf(reply.fault))
  }
}

function expectKind<Kind extends ConductorValue['kind']>(
  value: ConductorValue,
  kind: Kind,
): Extract<ConductorValue, { kind: Kind }> {
  if (value.kind !== kind) throw new Error(`internal: a ${value.kind} came where a ${kind} was asked for`)
  return value as Extract<ConductorValue, { kind: Kind }>
}

export interface StartOptions {
  /** Paused before the first step. */
  readonly paused?: boolean
  /** Slow motion: pipeline ticks per second; null, the default: full speed. */
  readonly ticksPerSecond?: number | null
  /** Steps between evaluations of the validation loss; 0: never. */
  readonly evaluateEvery?: number
  /** The final weights stay available after the end, until `stop`. */
  readonly keepWeights?: boolean
}

/** A run of this page, which can also be discarded at any time. */
export interface PageRun extends RunHandle {
  /** Ends the run and its workers within a second or two, without a result, even if ranks hang. */
  discard(): Promise<void>
}

/** Seconds a step may take to finish before its workers are terminated. */
const DISCARD_SECONDS = 1.5
/** The same where the results so far are needed. */
const STOP_SECONDS = 15
/**
 * Ranks that have closed are still shutting down when the run reports its end: their parent worker is terminated after
 * them.
 */
const CLOSING_SECONDS = 0.1

/** Events buffered for the first listener; beyond that the oldest are dropped. */
const EARLY_EVENTS = 500

const late = (seconds: number) => new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), seconds * 1000))

/** Starts a run on this page's cluster. Rejects with one line when it is refused or cannot start. */
export async function startPageRun(
  config: RunConfig,
  sources: PageSources = {},
  options: StartOptions = {},
): Promise<PageRun> {
  const conductor = new Conductor()
  const listeners = new Set<(event: RunEvent) => void>()
  let early: RunEvent[] | null = []
  let finish!: { resolve: (result: RunResult) => void; reject: (error: Error) => void }
  let over = false
  const finished = new Promise<RunResult>((resolve, reject) => (finish = { resolve, reject }))
  finished.catch(() => undefined)
  const { paused = false, ticksPerSecond = null, evaluateEvery = 25, keepWeights = false } = options
  const end = () => conductor.end(new FaultError(sentence('run-over')))
  const onRunEvent = (event: RunEvent) => {
    if (over) return
    if (event.kind === 'failed' || event.kind === 'done') over = true
    if (early && early.push(event) > EARLY_EVENTS) early.shift()
    for (const listener of listeners) listener(event)
    if (event.kind === 'done') finish.resolve(event.result)
    else if (event.kind === 'failed') finish.reject(errorOf(event.fault))
    if (event.kind === 'failed' || (event.kind === 'done' && !keepWeights)) setTimeout(end, CLOSING_SECONDS * 1000)
  }
  const fail = (error: FaultError) => {
    onRunEvent({ kind: 'failed', fault: error.fault, result: null })
    conductor.end(error)
  }
  conductor.onEvent = onRunEvent
  conductor.onCrash = fail
  let ready = false
  const started = conductor
    .ask({ kind: 'start', config, sources, paused, ticksPerSecond, evaluateEvery, keepWeights })
    .then(() => (ready = true))
  // The run is returned while it starts, so that progress can be shown; a failed start is reported as an event.
  started.catch((error: unknown) => fail(faultErrorOf(error)))
  const call = async (request: ConductorCall): Promise<ConductorValue> => {
    await started
    return conductor.ask(request)
  }
  /** Controls of a run have no effect once it is over. */
  const move = async (request: ConductorCall): Promise<void> => {
    if (over) return
    await call(request).catch((error: unknown) => {
      if (!over) throw error
    })
  }
  /** Asks the ranks to finish their step; whether they did so in time. */
  const endsWithin = async (seconds: number): Promise<boolean> => {
    conductor.ask({ kind: 'stop' }).catch(() => undefined)
    return (await Promise.race([finished.catch(() => undefined), late(seconds)])) !== 'late'
  }
  return {
    subscribe(listener) {
      listeners.add(listener)
      const missed = early ?? []
      early = null
      for (const event of missed) listener(event)
      return () => listeners.delete(listener)
    },
    pause: (at) => move({ kind: 'pause', at }),
    resume: () => void move({ kind: 'resume' }).catch(() => undefined),
    pace: (ticks) => void move({ kind: 'pace', ticksPerSecond: ticks }).catch(() => undefined),
    advance: (by) => move({ kind: 'advance', by }),
    async generate(request: GenerateRequest, onText) {
      await started
      return expectKind(await conductor.ask({ kind: 'generate', request }, onText), 'text').text
    },
    evaluate: async () => expectKind(await call({ kind: 'evaluate' }), 'inference').report,
    soFar: async () => expectKind(await call({ kind: 'soFar' }), 'result').result,
    weights: async () => expectKind(await call({ kind: 'weights' }), 'bytes').bytes,
    checkpoint: async () => expectKind(await call({ kind: 'checkpoint' }), 'blob').blob,
    async stop() {
      await Promise.race([started.catch(() => undefined), late(STOP_SECONDS)])
      if (!ready) fail(new FaultError(sentence('stopped-before-start')))
      else if (!over && !(await endsWithin(STOP_SECONDS))) {
        // A rank hangs; the conductor has the results so far.
        const soFar = await Promise.race([conductor.ask({ kind: 'soFar' }).catch(() => null), late(1)])
        if (soFar === null || soFar === 'late') fail(new FaultError(sentence('run-did-not-end')))
        else onRunEvent({ kind: 'done', result: expectKind(soFar, 'result').result })
      }
      // Whatever was kept after the end is released with the worker.
      return finished.finally(() => setTimeout(end, CLOSING_SECONDS * 1000))
    },
    async discard() {
      // Before the first step there is nothing to finish: data are being prepared and ranks opened.
      if (ready && !over) await endsWithin(DISCARD_SECONDS)
      if (over) await late(CLOSING_SECONDS)
      over = true
      finish.reject(new FaultError(sentence('run-over')))
      end()
    },
    finished,
  }
}

/** Runs the first step on the cluster and on one device and compares every tensor's gradient. */
export async function checkPageParity(config: RunConfig, sources: PageSources = {}): Promise<ParityReport> {
  const conductor = new Conductor()
  try {
    return expectKind(await conductor.ask({ kind: 'parity', config, sources }), 'parity').report
  } finally {
    conductor.end(new FaultError(sentence('comparison-over')))
  }
}

export interface MeasureOptions {
  /** Earlier measurements; their ops are not timed again. */
  readonly known: MeasuredDevice | undefined
  /** Called with the number of distinct ops timed so far. */
  readonly progress: (done: number, of: number) => void
  readonly signal: AbortSignal
}

/** Times this browser's default adapter, off the main thread. Rejects when aborted or without an adapter. */
export async function measureThisDevice(
  config: RunConfig,
  { known, progress, signal }: MeasureOptions,
): Promise<MeasuredDevice> {
  signal.throwIfAborted()
  const conductor = new Conductor()
  const over = () => conductor.end(new FaultError(sentence('measuring-cancelled')))
  signal.addEventListener('abort', over, { once: true })
  conductor.onEvent = (event) => {
    if (event.kind !== 'progress' || event.what !== 'calibrate') return
    const [done, of] = event.detail.split('/').map(Number)
    progress(done!, of!)
  }
  try {
    return expectKind(await conductor.ask({ kind: 'measure', config, known }), 'measured').measured
  } finally {
    signal.removeEventListener('abort', over)
    over()
  }
}

/** An adapter of this browser, and how to request it. */
export interface FoundAdapter extends AdapterResult {
  /** The choices that select it. */
  readonly choices: readonly AdapterChoice[]
  /** Whether a rank gets it by default. */
  readonly unasked: boolean
  /** Size limits in bytes of a buffer and of a storage binding. */
  readonly maxBufferBytes: number
  readonly maxBindingBytes: number
  readonly subgroups: boolean
  readonly f16: boolean
  readonly timestamps: boolean
}

const REQUESTS: readonly (readonly [AdapterChoice | null, GPURequestAdapterOptions])[] = [
  [null, {}],
  ['high-performance', { powerPreference: 'high-performance' }],
  ['low-power', { powerPreference: 'low-power' }],
  ['fallback', { forceFallbackAdapter: true }],
]

/**
 * The distinct adapters this browser offers, with the choices that select each. Equal descriptions and limits count as
 * one.
 */
export async function listAdapters(): Promise<FoundAdapter[]> {
  if (!('gpu' in navigator)) return []
  const found = new Map<string, FoundAdapter>()
  for (const [choice, options] of REQUESTS) {
    const adapter = await navigator.gpu.requestAdapter(options)
    if (!adapter) continue
    const described = {
      ...describeAdapter(adapter.info),
      kernels: '',
      maxBufferBytes: adapter.limits.maxBufferSize,
      maxBindingBytes: adapter.limits.maxStorageBufferBindingSize,
      subgroups: adapter.features.has('subgroups'),
      f16: adapter.features.has('shader-f16'),
      timestamps: adapter.features.has('timestamp-query'),
    }
    const key = JSON.stringify(described)
    const before = found.get(key)
    const choices = [...(before?.choices ?? []), ...(choice === null ? [] : [choice])]
    found.set(key, { ...described, choices, unasked: before?.unasked ?? choice === null })
  }
  return [...found.values()]
}
