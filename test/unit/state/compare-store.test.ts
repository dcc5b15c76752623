import { expect, test } from 'vitest'
import { errorOf } from '../../../src/core/errors.ts'
import { sentence } from '../../../src/core/fault.ts'
import type { Fault } from '../../../src/core/fault.ts'
import type { PageRun } from '../../../src/cluster/browser-run.ts'
import type { RunEvent } from '../../../src/cluster/run-events.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import type { RunResult } from '../../../src/config/result.ts'
import type { RunConfig } from '../../../src/config/types.ts'
import { simulate } from '../../../src/sim/simulate.ts'
import { createCompareStore, MAX_PINS } from '../../../src/state/compare-store.ts'
import { differencesOf } from '../../../src/state/differences.ts'
import { engineSession } from '../../../src/state/engine-session.ts'
import type { OpenSimulator } from '../../../src/state/simulation-store.ts'

/** A simulator that answers at once. */
function simulator() {
  const workers: { ended: boolean; asked: number }[] = []
  const open: OpenSimulator = (hear) => {
    const worker = { ended: false, asked: 0 }
    workers.push(worker)
    return {
      postMessage({ id, input, kind }) {
        worker.asked++
        queueMicrotask(() => {
          try {
            const simulation = simulate(parseConfig(input, 'simulate'))
            if (kind === 'memory') hear({ id, kind: 'remembered', curves: simulation.memory() })
            else hear({ id, kind: 'simulated', result: simulation.result, milliseconds: 1 })
          } catch {
            hear({ id, kind: 'refused', fault: { ...sentence('not-a-list', { value: 'no' }), field: 'a' } })
          }
        })
      },
      terminate: () => void (worker.ended = true),
    }
  }
  return { workers, open }
}

/** Runs that go on when they are told to. */
function cluster() {
  const runs: {
    config: RunConfig
    step: (loss: number) => void
    end: () => void
    fail: (fault: Fault) => void
    stops: number
  }[] = []
  const start = async (config: RunConfig): Promise<PageRun> => {
    const losses: number[] = []
    const listeners = new Set<(event: RunEvent) => void>()
    let settle!: { resolve: (result: RunResult) => void; reject: (error: Error) => void }
    const finished = new Promise<RunResult>((resolve, reject) => (settle = { resolve, reject }))
    finished.catch(() => undefined)
    const result = (): RunResult => ({
      config,
      steps: losses.map((loss, step) => ({ step, loss, gradNorm: 1, learningRate: 1, tokens: 1, milliseconds: 1 })),
      tokensPerSecond: { measured: 50 },
    })
    const run = {
      config,
      stops: 0,
      step(loss: number) {
        losses.push(loss)
        for (const listener of listeners)
          listener({ kind: 'step', result: result().steps!.at(-1)!, tokensPerSecond: 1 })
      },
      end: () => settle.resolve(result()),
      fail: (fault: Fault) => settle.reject(errorOf(fault)),
    }
    runs.push(run)
    const never = () => Promise.reject(new Error('not here'))
    return {
      finished,
      subscribe: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      stop() {
        run.stops++
        settle.resolve(result())
        return finished
      },
      async discard() {
        run.stops++
        settle.resolve(result())
      },
      pause: never,
      advance: never,
      generate: never,
      evaluate: never,
      soFar: never,
      weights: never,
      checkpoint: never,
      resume: () => undefined,
      pace: () => undefined,
    }
  }
  return { runs, start }
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 5))

function comparison() {
  const { workers, open } = simulator()
  const { runs, start } = cluster()
  const store = createCompareStore({
    session: { parse: engineSession.parse, start },
    open,
    files: () => ({ texts: new Map() }),
    measured: () => null,
  })
  return { store, workers, runs }
}

test('a pin is clocked once, and the simulator ends when all are', async () => {
  const { store, workers } = comparison()
  expect(store.pin({ parallel: { data: 2 } })).toBe(true)
  expect(store.pin({ parallel: { data: 2 } })).toBe(false)
  store.pin({})
  await soon()
  expect(store.getState().pins.map(({ letter, simulated }) => [letter, simulated?.ranks.length])).toEqual([
    ['A', 2],
    ['B', 1],
  ])
  expect(store.getState().pins.every(({ memory }) => memory !== null && memory.length > 0)).toBe(true)
  // Its step, and its memory over the step.
  expect(workers).toEqual([{ ended: true, asked: 4 }])
  store.unpin({})
  store.undo()
  await soon()
  expect(store.getState().pins[1]!.simulated).not.toBeNull()
  expect(workers).toHaveLength(1)
  store.redo()
  expect(store.getState().pins).toHaveLength(1)
})

test('pins train one after another, from one seed, for as many steps, and every run is released', async () => {
  const { store, runs } = comparison()
  store.pin({ seed: 5, parallel: { data: 2 } })
  store.pin({ seed: 6, epochs: 3 })
  store.setSteps(3)
  const all = store.run()
  await soon()
  expect(runs).toHaveLength(1)
  expect(store.getState().pins.map(({ training }) => training?.phase)).toEqual(['running', 'waiting'])
  runs[0]!.step(4)
  runs[0]!.step(3)
  await expect.poll(() => store.getState().pins[0]!.training).toMatchObject({ phase: 'running', losses: [4, 3] })
  runs[0]!.end()
  await soon()
  expect(runs[1]!.config).toMatchObject({ seed: 5, steps: 3, epochs: null })
  const lost = { ...sentence('device-lost', { reason: 'unknown', why: 'gone' }), rank: 1 }
  runs[1]!.fail(lost)
  await all
  expect(store.getState().running).toBe(false)
  expect(store.getState().pins.map(({ training }) => training)).toMatchObject([
    { phase: 'done', losses: [4, 3] },
    { phase: 'failed', fault: lost },
  ])
  expect(runs.map(({ stops }) => stops)).toEqual([1, 1])
})

test('cancelled, the running one is stopped and nothing else starts', async () => {
  const { store, runs } = comparison()
  store.pin({})
  store.pin({ parallel: { data: 2 } })
  const all = store.run()
  await soon()
  await store.cancel()
  await all
  expect(runs).toHaveLength(1)
  expect(runs[0]!.stops).toBeGreaterThan(0)
  expect(store.getState()).toMatchObject({ running: false, pins: [{ training: null }, { training: null }] })
})

test('removed while it trains, a pin is stopped and the next one starts', async () => {
  const { store, runs } = comparison()
  store.pin({})
  store.pin({ parallel: { data: 2 } })
  const all = store.run()
  await soon()
  runs[0]!.step(4)
  store.unpin({})
  await soon()
  expect(runs[0]!.stops).toBeGreaterThan(0)
  expect(runs).toHaveLength(2)
  runs[1]!.end()
  await all
  store.undo()
  expect(store.getState().pins.map(({ training }) => training?.phase ?? null)).toEqual([null, 'done'])
})

test('what cannot train here says why and is only simulated', async () => {
  const { store, runs } = comparison()
  store.pin({ precision: 'mixed-bf16', model: { preset: 'gpt3-175b' } })
  store.pin({ parallel: { data: 128 }, batch: { global: 128, microbatches: 1 } })
  store.pin({ model: { preset: 'gpt2-xl' } })
  await soon()
  expect(store.getState().pins.map(({ obstacle }) => obstacle?.kind)).toEqual(['refused', 'ranks', 'bytes'])
  await store.run()
  expect(runs).toHaveLength(0)
  for (let seed = 0; seed < 20; seed++) store.pin({ seed })
  expect(store.getState().pins).toHaveLength(MAX_PINS)
})

test('what only its budget refuses is clocked without it, so that its bytes are there', async () => {
  const { store, workers } = comparison()
  const tight = { parallel: { data: 2 }, cluster: { memoryBytes: 1e6 } }
  store.pin(tight)
  store.pin({ parallel: { data: 0 }, cluster: { memoryBytes: 1e6 } })
  await soon()
  await soon()
  const [over, wrong] = store.getState().pins
  expect(over!.simulated).toBeNull()
  expect(over!.problem).not.toBeNull()
  expect(over!.overBudget!.ranks[0]!.predictedBytes.total).toBeGreaterThan(1e6)
  expect(over!.memory!.length).toBeGreaterThan(0)
  expect(wrong).toMatchObject({ simulated: null, overBudget: null })
  expect(workers.every(({ ended }) => ended)).toBe(true)
  // Known, it is not asked for again.
  const asked = workers.reduce((sum, each) => sum + each.asked, 0)
  store.setSteps(7)
  await soon()
  expect(store.getState().pins[0]!.overBudget).toBe(over!.overBudget)
  // The refused one is: its answer is no figure.
  expect(workers.reduce((sum, each) => sum + each.asked, 0) - asked).toBeLessThanOrEqual(4)
})

test('differences are the fields that someone would have to change', () => {
  const configs = [{ parallel: { data: 2 } }, { parallel: { data: 2, zero: 3 } }, { parallel: { data: 4 } }].map(
    (each) => parseConfig(each, 'simulate'),
  )
  expect(differencesOf(configs)).toEqual([
    { field: 'parallel.data', values: ['2', '2', '4'] },
    { field: 'parallel.zero', values: ['0', '3', '0'] },
  ])
  expect(differencesOf([configs[0]!, configs[0]!])).toEqual([])
})

test('what stands on "this" device is clocked again when it has been measured', async () => {
  const { store, workers } = comparison()
  store.pin({ cluster: { device: 'this' } })
  store.pin({ parallel: { data: 2 }, cluster: { device: 'a100-80gb' } })
  await soon()
  store.resimulate()
  expect(store.getState().pins.map(({ simulated }) => simulated !== null)).toEqual([false, true])
  await soon()
  expect(store.getState().pins.every(({ simulated }) => simulated !== null)).toBe(true)
  expect(workers.map(({ asked }) => asked)).toEqual([4, 2])
})
