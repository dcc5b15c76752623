import { createStore } from 'zustand/vanilla'
import type { PageRun } from '../cluster/browser-run.ts'
import type { RunEvent } from '../cluster/run-events.ts'
import type { ExecutedSpan } from '../schedule/executed-span.ts'
import type { RunConfig } from '../config/types.ts'
import { faultOf } from '../core/errors.ts'
import { createBatch } from './event-batch.ts'
import { IDLE, isActive, reduceRun, starting } from './run-state.ts'
import type { RunState } from './run-state.ts'
import { previousOf } from './previous-run.ts'
import type { PreviousRun } from './previous-run.ts'
import { Series } from './series.ts'
import type { Plan, Session, Sources } from './session.ts'

const FLUSH_MILLISECONDS = 100
/** The timeline shows the newest spans; older ones are dropped. */
const SPAN_LIMIT = 20_000

export type StepSize = 'step' | 'tick' | 'op'

/** How a run starts: in slow motion, or with one step of some size, then paused. */
export interface StartMode {
  readonly ticksPerSecond?: number | null
  readonly by?: StepSize
}

/** By rank: live bytes during an op, by the op's id. */
export type MeasuredMemory = readonly ReadonlyMap<number, number>[]

export type RunStore = ReturnType<typeof createRunStore>

/** The page's single run: its state, curves, spans, and controls. */
export function createRunStore(session: Pick<Session, 'start'>) {
  const store = createStore<RunState>(() => IDLE)
  const loss = new Series()
  const validation = new Series()
  const speed = new Series()
  const stalenessMean = new Series()
  const stalenessMost = new Series()
  let spans: readonly ExecutedSpan[] = []
  let measured: MeasuredMemory = []
  let handle: PageRun | null = null
  /** Runs being closed: the next one begins when their workers are gone. */
  let closing: Promise<unknown> = Promise.resolve()
  let generation = 0
  let previous: PreviousRun | null = null

  const record = (events: readonly RunEvent[]) => {
    let state = store.getState()
    let fresh: ExecutedSpan[] | null = null
    let live: Map<number, number>[] | null = null
    for (const event of events) {
      if (event.kind === 'spans') (fresh ??= [...spans]).push(...event.spans)
      if (event.kind === 'step') {
        const { step, loss: value, validationLoss, staleness } = event.result
        loss.push(step, value)
        if (event.tokensPerSecond !== null) speed.push(step, event.tokensPerSecond)
        if (validationLoss !== undefined) validation.push(step, validationLoss)
        if (staleness !== undefined && staleness.length > 0) {
          stalenessMean.push(step, staleness.reduce((a, b) => a + b, 0) / staleness.length)
          stalenessMost.push(step, Math.max(...staleness))
        }
      }
      if (event.kind === 'held') {
        live ??= state.ranks.map((_, rank) => new Map(measured[rank]))
        for (const [op, bytes] of event.bytes) live[event.rank]?.set(op, bytes)
      }
      state = reduceRun(state, event)
    }
    if (fresh !== null) spans = fresh.length > SPAN_LIMIT ? fresh.slice(-SPAN_LIMIT) : fresh
    if (live !== null) measured = live
    store.setState(state)
  }
  const batch = createBatch<RunEvent>(FLUSH_MILLISECONDS, record)
  const fail = (error: unknown) => {
    store.setState({ phase: 'failed', progress: null, failure: faultOf(error) })
  }
  const clear = () => {
    batch.cancel()
    for (const series of [loss, validation, speed, stalenessMean, stalenessMost]) series.clear()
    spans = []
    measured = []
  }

  const discard = (old: PageRun) => (closing = Promise.all([closing, old.discard()]))

  /** Ends and releases the current run, whatever it is doing; returns to the initial state. */
  const reset = async () => {
    generation++
    previous = previousOf(store.getState(), loss) ?? previous
    if (handle !== null) void discard(handle)
    handle = null
    clear()
    store.setState(IDLE, true)
    await closing
  }

  const start = async (config: RunConfig, plan: Plan, sources: Sources, begin: StartMode = {}) => {
    const closed = reset()
    const ownGeneration = generation
    // From here on a second click sees a run that is starting.
    store.setState(starting(config, plan, sources), true)
    await closed
    if (ownGeneration !== generation) return
    try {
      const opened = await session.start(config, sources, {
        ticksPerSecond: begin.ticksPerSecond ?? null,
        paused: begin.by !== undefined,
      })
      if (ownGeneration !== generation) {
        await discard(opened)
        return
      }
      handle = opened
      opened.subscribe((event) => {
        if (ownGeneration === generation)
          batch.add(event, event.kind === 'phase' || event.kind === 'failed' || event.kind === 'done')
      })
      opened.finished.catch((error: unknown) => {
        if (ownGeneration === generation && store.getState().phase !== 'failed') fail(error)
      })
      if (begin.by !== undefined) await advance(begin.by)
    } catch (error) {
      if (ownGeneration === generation) fail(error)
    }
  }

  const advance = (by: StepSize) => act((open) => open.advance(by))

  /** A run that ended meanwhile cannot be paused or resumed: that is not a failure. */
  const act = async (what: (open: PageRun) => unknown) => {
    const open = handle
    if (open === null) return
    try {
      await what(open)
    } catch (error) {
      batch.flush()
      if (handle === open && isActive(store.getState().phase)) fail(error)
    }
  }

  return {
    ...store,
    curves: { loss, validation, speed, stalenessMean, stalenessMost },
    spans: () => spans,
    /** Bytes measured at ops of each rank, as far as reported. */
    measuredMemory: () => measured,
    /** The previous run, as far as it got. */
    previous: () => previous,
    /** The open run, for sampling text and downloading weights. */
    handle: () => handle,
    start,
    reset,
    pause: (at: 'op' | 'step') => act((open) => open.pause(at)),
    resume: () => act((open) => open.resume()),
    pace: (ticksPerSecond: number | null) => act((open) => open.pace(ticksPerSecond)),
    advance,
    dismissFailure: () => store.setState({ failure: null }),
  }
}
