import { meshSize } from '../core/mesh.ts'
import { createStore } from 'zustand/vanilla'
import { DEFAULTS } from '../config/parse.ts'
import { parseConfig } from '../config/parse.ts'
import type { RunResult } from '../config/result.ts'
import type { RunConfig } from '../config/types.ts'
import type { PageRun } from '../cluster/browser-run.ts'
import type { RunEvent } from '../cluster/run-events.ts'
import { refused, faultOf } from '../core/errors.ts'
import type { Fault } from '../core/fault.ts'
import type { MemoryCurve } from '../sim/memory-curve.ts'
import type { MeasuredDevice } from '../sim/cost/measured-device.ts'
import type { SimulatedResult } from '../sim/simulate.ts'
import type { Draft } from './draft-path.ts'
import { isDraft, readPath, removePath } from './draft-path.ts'
import { createBatch } from './event-batch.ts'
import type { History } from './history.ts'
import { redone, undone, NO_HISTORY, withPast } from './history.ts'
import { textFor } from './files-store.ts'
import type { FilesState } from './files-store.ts'
import type { Session } from './session.ts'
import type { OpenSimulator, SimulatorWorker } from './simulation-store.ts'
import type { SimulatorReply } from './simulator-protocol.ts'

/** Why a pinned configuration can only be simulated. */
export type Obstacle =
  | { readonly kind: 'refused'; readonly problem: Fault }
  /** More ranks than sensible for workers in a tab. */
  | { readonly kind: 'ranks'; readonly ranks: number }
  /** Bytes of all ranks together: they share this machine. */
  | { readonly kind: 'bytes'; readonly bytes: number }

/** A loss per training step. */
export type Losses = readonly number[]

export type Training =
  | { readonly phase: 'waiting' }
  | { readonly phase: 'running'; readonly losses: Losses }
  | { readonly phase: 'done'; readonly losses: Losses; readonly result: RunResult }
  | { readonly phase: 'failed'; readonly losses: Losses; readonly fault: Fault }

/** A pinned configuration and its results. */
export interface Pin {
  /** Letters that identify it in tables and charts. */
  readonly letter: string
  readonly draft: Draft
  readonly simulated: SimulatedResult | null
  /** Its simulation without the memory budget, where only the budget refuses it. */
  readonly overBudget: SimulatedResult | null
  /** Live bytes over its virtual step, one curve per group of equal ranks; null until computed. */
  readonly memory: readonly MemoryCurve[] | null
  /** Why it could not be simulated. */
  readonly problem: Fault | null
  /** Why it cannot train here; null when it can. */
  readonly obstacle: Obstacle | null
  readonly training: Training | null
}

export interface CompareState extends History {
  /** `{ pins, steps }`: the state of links and undo. */
  readonly draft: Draft
  readonly pins: readonly Pin[]
  /** Training steps of each. */
  readonly steps: number
  readonly running: boolean
}

export type CompareStore = ReturnType<typeof createCompareStore>

export const MAX_PINS = 16
export const MAX_STEPS = 1000
const DEFAULT_STEPS = 20

/** Workers a tab still schedules well, and bytes a typical machine can spare. */
const MAX_RANKS = 64
const MAX_BYTES = 8e9

const UPDATE_MILLISECONDS = 150

type PinResults = Pick<Pin, 'simulated' | 'overBudget' | 'memory' | 'problem' | 'training'>
const NO_RESULTS: PinResults = { simulated: null, overBudget: null, memory: null, problem: null, training: null }

/** A pending request to the simulator; `unlimited`: without the memory budget. */
interface Question {
  readonly pin: Draft
  readonly kind: 'simulate' | 'memory'
  readonly unlimited: boolean
}

/** The memory budget of a pinned configuration. */
export function budgetOf(draft: Draft): number | null {
  const budget = readPath(draft, 'cluster.memoryBytes')
  return typeof budget === 'number' ? budget : null
}

/** The configurations of a comparison's draft. */
function pinsOf(draft: Draft): Draft[] {
  const { pins } = draft
  return Array.isArray(pins) ? pins.filter(isDraft) : []
}

function stepsOf({ steps }: Draft): number {
  return typeof steps === 'number' ? steps : DEFAULT_STEPS
}

/** Throws RefusedError for a draft that is not a comparison. */
export function checkComparison(draft: Draft): void {
  const { pins = [], steps = DEFAULT_STEPS, ...rest } = draft
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined)
    throw refused('link', 'comparison-field-unknown', { unknown: JSON.stringify(unknown.slice(0, 20)) })
  if (!Array.isArray(pins) || pins.length > MAX_PINS || !pins.every(isDraft))
    throw refused('pins', 'pins-not-a-list', { most: MAX_PINS })
  if (typeof steps !== 'number' || !Number.isInteger(steps) || steps < 1 || steps > MAX_STEPS)
    throw refused('steps', 'steps-not-an-integer', { steps: JSON.stringify(steps), most: MAX_STEPS })
  for (const pin of pins) parseConfig(pin, 'simulate')
  // Rows are identified by their content.
  if (new Set(pins.map((pin) => JSON.stringify(pin))).size < pins.length) throw refused('pins', 'pins-equal')
}

/** The training of a comparison: the pinned configuration with common steps and seed. */
function trainedDraft(draft: Draft, steps: number, seed: number): Draft {
  const { epochs: _epochs, ...rest } = draft
  return { ...rest, steps, seed }
}

export interface CompareStoreOptions {
  readonly session: Pick<Session, 'parse' | 'start'>
  readonly open: OpenSimulator
  /** The user's files. */
  readonly files: () => Pick<FilesState, 'texts'>
  readonly measured: () => MeasuredDevice | null
}

/** Pinned configurations: each is clocked when pinned, and all are trained one after another on request. */
export function createCompareStore({ session, open, files, measured }: CompareStoreOptions) {
  const resultsByDraft = new Map<string, PinResults>()
  const keyOf = (draft: Draft) => JSON.stringify(draft)
  const pinsWithResults = (draft: Draft): Pin[] =>
    pinsOf(draft).map((pin, i) => {
      const found = resultsByDraft.get(keyOf(pin)) ?? NO_RESULTS
      return {
        letter: String.fromCharCode(65 + i),
        draft: pin,
        ...found,
        obstacle: obstacleOf(session, pin, found.simulated),
      }
    })
  const store = createStore<CompareState>(() => ({
    draft: {},
    pins: [],
    steps: DEFAULT_STEPS,
    running: false,
    ...NO_HISTORY,
  }))
  const update = (pin: Draft, what: Partial<PinResults>) => {
    resultsByDraft.set(keyOf(pin), { ...(resultsByDraft.get(keyOf(pin)) ?? NO_RESULTS), ...what })
    store.setState(({ draft }) => ({ pins: pinsWithResults(draft) }))
  }

  let simulator: SimulatorWorker | null = null
  let asked = new Map<number, Question>()
  const clocking = (pin: Draft) => [...asked.values()].some((each) => keyOf(each.pin) === keyOf(pin))
  let ids = 0
  const closeSimulator = () => {
    simulator?.terminate()
    simulator = null
    asked = new Map()
  }
  const simulate = (pin: Draft) => {
    const { simulated, overBudget } = resultsByDraft.get(keyOf(pin)) ?? NO_RESULTS
    if (!simulated && !overBudget && !clocking(pin)) ask(pin, false)
  }
  const onReply = (reply: SimulatorReply) => {
    const question = asked.get(reply.id)
    if (!question) return
    const { pin, kind, unlimited } = question
    asked.delete(reply.id)
    if (reply.kind === 'simulated')
      update(pin, unlimited ? { overBudget: reply.result } : { simulated: reply.result, problem: null })
    if (reply.kind === 'remembered') update(pin, { memory: reply.curves })
    // If it is refused without its budget too, the reason is another.
    if (reply.kind === 'refused' && !unlimited) {
      update(pin, { problem: reply.fault })
      if (kind === 'simulate' && budgetOf(pin) !== null) ask(pin, true)
    }
    if (asked.size === 0) closeSimulator()
  }
  const ask = (pin: Draft, unlimited: boolean) => {
    simulator ??= open(onReply, (fault) => {
      const waiting = [...asked.values()]
      closeSimulator()
      for (const each of waiting) update(each.pin, { problem: fault })
    })
    const own = measured()
    const input = unlimited ? removePath(pin, 'cluster.memoryBytes') : pin
    for (const kind of ['simulate', 'memory'] as const) {
      asked.set(++ids, { pin, kind, unlimited })
      simulator.postMessage({ id: ids, kind, input, ...(own ? { measured: own } : {}) })
    }
  }

  let current: { readonly pin: Draft; readonly handle: PageRun } | null = null
  /** Runs being closed: the next one begins when their workers are gone. */
  let closing: Promise<unknown> = Promise.resolve()
  const discard = (handle: PageRun) => (closing = Promise.all([closing, handle.discard()]))
  let generation = 0
  const isPinned = (pin: Draft) => pinsOf(store.getState().draft).some((each) => keyOf(each) === keyOf(pin))

  const show = (draft: Draft, { past, future }: History) => {
    store.setState({ draft, pins: pinsWithResults(draft), steps: stepsOf(draft), past, future })
    if (current !== null && !isPinned(current.pin)) void discard(current.handle)
    for (const pin of pinsOf(draft)) simulate(pin)
  }
  const replace = (draft: Draft) => {
    if (keyOf(draft) !== keyOf(store.getState().draft)) show(draft, withPast(store.getState()))
  }
  const restore = (to: typeof undone) => {
    const moment = to(store.getState())
    if (moment !== null) show(moment.draft, moment)
  }

  const train = async (pin: Draft, config: RunConfig, ownGeneration: number) => {
    let losses: number[] = []
    update(pin, { training: { phase: 'running', losses } })
    const batch = createBatch<number>(UPDATE_MILLISECONDS, (fresh) => {
      losses = [...losses, ...fresh]
      if (ownGeneration === generation) update(pin, { training: { phase: 'running', losses } })
    })
    let handle: PageRun | null = null
    try {
      // The final validation loss is for comparison; intermediate ones would only cost time.
      const evaluate = config.steps === null ? {} : { evaluateEvery: config.steps }
      handle = await session.start(config, textFor(config, files()), evaluate)
      if (ownGeneration !== generation || !isPinned(pin)) return
      current = { pin, handle }
      handle.subscribe((event: RunEvent) => event.kind === 'step' && batch.add(event.result.loss))
      const result = await handle.finished
      if (ownGeneration !== generation || !isPinned(pin)) return
      batch.cancel()
      update(pin, { training: { phase: 'done', result, losses: (result.steps ?? []).map((each) => each.loss) } })
    } catch (error) {
      batch.cancel()
      if (ownGeneration === generation)
        update(pin, {
          training: { phase: 'failed', losses, fault: faultOf(error) },
        })
    } finally {
      batch.cancel()
      // A run started since may be the current one.
      if (current?.handle === handle) current = null
      // Removed meanwhile: pinned again, it counts as not trained.
      if (!isPinned(pin)) update(pin, { training: null })
      // What was kept after the end is released with its workers.
      if (handle) await discard(handle)
    }
  }

  /** Waiting and running trainings are reset as if not requested. */
  const clearUnfinished = () => {
    for (const [key, each] of resultsByDraft)
      if (each.training?.phase === 'waiting' || each.training?.phase === 'running')
        resultsByDraft.set(key, { ...each, training: null })
    store.setState(({ draft }) => ({ pins: pinsWithResults(draft), running: false }))
  }

  return {
    ...store,
    replace,
    undo: () => restore(undone),
    redo: () => restore(redone),
    /** Adds a configuration; `result` if it is already trained. False when it is pinned or the list is full. */
    pin(draft: Draft, result?: RunResult): boolean {
      const { draft: comparison, pins } = store.getState()
      if (isPinned(draft) || pins.length >= MAX_PINS) return false
      if (result)
        resultsByDraft.set(keyOf(draft), {
          ...NO_RESULTS,
          training: { phase: 'done', result, losses: (result.steps ?? []).map((each) => each.loss) },
        })
      replace({ ...comparison, pins: [...pinsOf(comparison), draft] })
      return true
    },
    isPinned,
    unpin(draft: Draft) {
      const comparison = store.getState().draft
      const pins = pinsOf(comparison).filter((each) => keyOf(each) !== keyOf(draft))
      const { pins: _pins, ...rest } = comparison
      replace(pins.length === 0 ? rest : { ...rest, pins })
    },
    /** Simulates again what uses "this" device, which has been measured since. */
    resimulate() {
      for (const [key, each] of resultsByDraft)
        if ((each.simulated ?? each.overBudget)?.config.cluster.device === 'this')
          resultsByDraft.set(key, { ...each, simulated: null, overBudget: null, memory: null })
      const { draft } = store.getState()
      store.setState({ pins: pinsWithResults(draft) })
      for (const pin of pinsOf(draft)) simulate(pin)
    },
    setSteps: (steps: number) =>
      replace({
        ...store.getState().draft,
        steps: Math.max(1, Math.min(MAX_STEPS, Math.round(steps) || DEFAULT_STEPS)),
      }),
    /** Trains every pin that can, one after another: same steps, same seed, same data where they name the same. */
    async run(): Promise<void> {
      if (store.getState().running) return
      const ownGeneration = ++generation
      const { pins, steps } = store.getState()
      const seed = firstSeed(pins)
      const trainable = pins.filter((pin) => pin.obstacle === null && pin.problem === null)
      store.setState({ running: true })
      for (const { draft } of trainable) update(draft, { training: { phase: 'waiting' } })
      await closing
      for (const { draft } of trainable) {
        if (ownGeneration !== generation) return
        const parsed = session.parse(trainedDraft(draft, steps, seed))
        if (parsed.kind === 'ok' && isPinned(draft)) await train(draft, parsed.config, ownGeneration)
      }
      if (ownGeneration === generation) clearUnfinished()
    },
    async cancel(): Promise<void> {
      generation++
      const open = current
      clearUnfinished()
      if (open) await discard(open.handle)
    },
  }
}

function firstSeed(pins: readonly Pin[]): number {
  const seed = pins[0]?.draft['seed']
  return typeof seed === 'number' ? seed : DEFAULTS.seed
}

/** What prevents a configuration from training in this tab. */
function obstacleOf(session: Pick<Session, 'parse'>, draft: Draft, simulated: SimulatedResult | null): Obstacle | null {
  const parsed = session.parse(trainedDraft(draft, 1, 0))
  if (parsed.kind === 'refused') {
    return { kind: 'refused', problem: parsed.problems[0]! }
  }
  const ranks = meshSize(parsed.config.parallel)
  if (ranks > MAX_RANKS) return { kind: 'ranks', ranks }
  const bytes = simulated?.ranks.reduce((sum, rank) => sum + rank.predictedBytes.total, 0) ?? 0
  return bytes > MAX_BYTES ? { kind: 'bytes', bytes } : null
}
