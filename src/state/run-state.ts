import type { Fault } from '../core/fault.ts'
import type { AdapterResult, EpochResult, RunResult, StepResult } from '../config/result.ts'
import type { RunConfig } from '../config/types.ts'
import type { RunEvent, RunPhase } from '../cluster/run-events.ts'
import type { ExecutedSpan } from '../schedule/executed-span.ts'
import type { BytesByCategory, BytesByTraffic, PeakBytes } from '../core/bytes.ts'
import type { Plan, Sources } from './session.ts'

/** What has been measured of one rank so far; null until reported. */
export interface RankView {
  readonly adapter: AdapterResult | null
  readonly live: BytesByCategory | null
  readonly peak: PeakBytes | null
  readonly sentBytes: number | null
  readonly receivedBytes: number | null
  readonly traffic: BytesByTraffic | null
  /** Current op of the rank; null when idle. */
  readonly op: number | null
  /** Ids of ops that exchanged since the last report. */
  readonly exchanges: readonly number[]
  /** Measured: compute time of its device per step, a running mean. */
  readonly deviceSeconds: number | null
}

export interface Progress {
  readonly what: string
  readonly fraction: number | null
  readonly detail: string
}

export interface RunState {
  /** 'idle' before the first start and after a reset. */
  readonly phase: RunPhase | 'idle'
  /** What is running (the draft may have changed since). */
  readonly config: RunConfig | null
  /** Its files. */
  readonly sources: Sources
  /** Its prediction, to compare with measurements. */
  readonly plan: Plan | null
  readonly progress: Progress | null
  readonly ranks: readonly RankView[]
  readonly step: StepResult | null
  readonly validationLoss: number | null
  /** Measured, of the whole cluster. */
  readonly tokensPerSecond: number | null
  readonly epochs: readonly EpochResult[]
  readonly failure: Fault | null
  readonly result: RunResult | null
}

export const EMPTY_RANK: RankView = {
  adapter: null,
  live: null,
  peak: null,
  sentBytes: null,
  receivedBytes: null,
  traffic: null,
  op: null,
  exchanges: [],
  deviceSeconds: null,
}

export const IDLE: RunState = {
  phase: 'idle',
  config: null,
  sources: {},
  plan: null,
  progress: null,
  ranks: [],
  step: null,
  validationLoss: null,
  tokensPerSecond: null,
  epochs: [],
  failure: null,
  result: null,
}

/** A run that is about to start. */
export function starting(config: RunConfig, plan: Plan, sources: Sources): RunState {
  return { ...IDLE, phase: 'starting', config, plan, sources, ranks: plan.ranks.map(() => EMPTY_RANK) }
}

const ENDED: readonly RunState['phase'][] = ['idle', 'stopped', 'failed', 'done']

/** Whether ranks exist: from the click on start until everything is released. */
export function isActive(phase: RunState['phase']): boolean {
  return !ENDED.includes(phase)
}

/** Adds the name of the initial weights' file to a result. */
export function withOrigin(result: RunResult, { startedFrom }: Sources): RunResult {
  return startedFrom === undefined ? result : { ...result, startedFrom }
}

function withRank(state: RunState, rank: number, change: Partial<RankView>): RunState {
  return { ...state, ranks: state.ranks.map((view, index) => (index === rank ? { ...view, ...change } : view)) }
}

/** Weight of the newest step in the mean of device times. */
const NEWEST_WEIGHT = 0.25

function withDeviceTimes(state: RunState, spans: readonly ExecutedSpan[]): RunState {
  const busy = new Map<number, number>()
  for (const { rank, stream, start, end } of spans)
    if (stream === 'compute') busy.set(rank, (busy.get(rank) ?? 0) + end - start)
  if (busy.size === 0) return state
  return {
    ...state,
    ranks: state.ranks.map((view, rank) => {
      const seconds = busy.get(rank)
      if (seconds === undefined) return view
      const { deviceSeconds: mean } = view
      return { ...view, deviceSeconds: mean === null ? seconds : mean + NEWEST_WEIGHT * (seconds - mean) }
    }),
  }
}

/** The next state of the run after one event; spans are stored elsewhere (there are many). */
export function reduceRun(state: RunState, event: RunEvent): RunState {
  switch (event.kind) {
    case 'phase':
      // A failed run is drained afterwards: its later 'stopped' must not hide the failure.
      if (state.phase === 'failed') return state
      return { ...state, phase: event.phase, progress: event.phase === 'starting' ? state.progress : null }
    case 'progress':
      return { ...state, progress: { what: event.what, fraction: event.fraction, detail: event.detail } }
    case 'adapter':
      return withRank(state, event.rank, { adapter: event.adapter })
    case 'step':
      return {
        ...state,
        step: event.result,
        tokensPerSecond: event.tokensPerSecond,
        validationLoss: event.result.validationLoss ?? state.validationLoss,
      }
    case 'epoch':
      return { ...state, epochs: [...state.epochs, event.result] }
    case 'memory':
      return withRank(state, event.rank, { live: event.live, peak: event.peak })
    case 'traffic':
      return withRank(state, event.rank, {
        sentBytes: event.sentBytes,
        receivedBytes: event.receivedBytes,
        traffic: event.traffic,
      })
    case 'current':
      return withRank(state, event.rank, { op: event.op, ...(event.exchanges ? { exchanges: event.exchanges } : {}) })
    case 'held':
      return state
    case 'spans':
      return withDeviceTimes(state, event.spans)
    case 'failed':
      return {
        ...state,
        phase: 'failed',
        progress: null,
        failure: state.failure ?? event.fault,
        result: state.result ?? (event.result && withOrigin(event.result, state.sources)),
      }
    case 'done':
      return {
        ...state,
        phase: state.phase === 'failed' ? 'failed' : 'done',
        result: withOrigin(event.result, state.sources),
        progress: null,
      }
  }
}
