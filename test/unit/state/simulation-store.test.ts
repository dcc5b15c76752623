import { expect, test } from 'vitest'
import { sentence } from '../../../src/core/fault.ts'
import type { Fault } from '../../../src/core/fault.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { simulate } from '../../../src/sim/simulate.ts'
import { createSimulationStore } from '../../../src/state/simulation-store.ts'
import type { OpenSimulator } from '../../../src/state/simulation-store.ts'
import type { SimulatorReply, SimulatorRequest } from '../../../src/state/simulator-protocol.ts'

const NO: Fault = sentence('not-a-list', { value: 'no' })

/** Workers that answer when they are told to. */
function workers() {
  const opened: {
    requests: SimulatorRequest[]
    hear: (reply: SimulatorReply) => void
    fail: (fault: Fault) => void
    ended: boolean
  }[] = []
  const open: OpenSimulator = (hear, fail) => {
    const worker = { requests: [] as SimulatorRequest[], hear, fail, ended: false }
    opened.push(worker)
    return { postMessage: (request) => void worker.requests.push(request), terminate: () => (worker.ended = true) }
  }
  return { opened, open }
}

const { result } = simulate(parseConfig({ parallel: { data: 2 } }, 'simulate'))

test('nothing is computed before the place is looked at; only the newest answer counts', () => {
  const { opened, open } = workers()
  const store = createSimulationStore(open, {})
  expect(opened).toHaveLength(0)
  store.start()
  store.start()
  store.set('parallel.data', 2)
  expect(opened).toHaveLength(1)
  const [first, second] = opened[0]!.requests
  opened[0]!.hear({ id: first!.id, kind: 'refused', fault: { ...NO, field: 'a' } })
  expect(store.getState()).toMatchObject({ computing: true, problem: null })
  opened[0]!.hear({ id: second!.id, kind: 'simulated', result, milliseconds: 3 })
  expect(store.getState()).toMatchObject({ computing: false, problem: null, milliseconds: 3 })
  expect(second!.input).toEqual({ parallel: { data: 2 } })
})

test('a worker that fails says why, and is not asked again: the next draft has another', () => {
  const { opened, open } = workers()
  const store = createSimulationStore(open, {})
  store.start()
  opened[0]!.fail(sentence('simulator-ended'))
  expect(store.getState()).toMatchObject({ computing: false, problem: { code: 'simulator-ended' } })
  expect(opened[0]!.ended).toBe(true)
  store.set('parallel.data', 2)
  const { id } = opened[1]!.requests[0]!
  opened[1]!.hear({ id, kind: 'simulated', result, milliseconds: 1 })
  expect(store.getState()).toMatchObject({ computing: false, problem: null })
})

test('a refusal keeps the last result', () => {
  const { opened, open } = workers()
  const store = createSimulationStore(open, {})
  store.start()
  opened[0]!.hear({ id: 1, kind: 'simulated', result, milliseconds: 1 })
  store.set('parallel.tensor', 7)
  opened[0]!.hear({ id: 2, kind: 'refused', fault: { ...NO, field: 'parallel.tensor' } })
  expect(store.getState().result).toBe(result)
  expect(store.getState().config.parallel).toMatchObject({ data: 1, tensor: 7 })
  store.reset('parallel.tensor')
  expect(store.getState().draft).toEqual({})
})

test('what does not fit is said of the memory budget', () => {
  const { opened, open } = workers()
  const store = createSimulationStore(open, { cluster: { memoryBytes: 5 } })
  store.start()
  opened[0]!.hear({ id: 1, kind: 'refused', fault: sentence('gpu-no-room', { what: 'it' }) })
  expect(store.getState()).toMatchObject({ problem: { code: 'gpu-no-room', field: 'cluster.memoryBytes' } })
  store.reset('cluster.memoryBytes')
  opened[0]!.hear({ id: 2, kind: 'simulated', result, milliseconds: 1 })
  expect(store.getState()).toMatchObject({ problem: null })
})

test('a search has a worker of its own, which ends when it is cancelled, refused or done', () => {
  const { opened, open } = workers()
  const store = createSimulationStore(open, {})
  store.search()
  opened[0]!.hear({ id: 1, kind: 'planning', progress: { phase: 'bounding', done: 5, total: null } })
  expect(store.getState().search).toMatchObject({ phase: 'running', progress: { done: 5 } })
  store.cancelSearch()
  expect(opened[0]!.ended).toBe(true)
  store.search()
  opened[1]!.hear({ id: 1, kind: 'refused', fault: NO })
  expect(store.getState().search).toEqual({ phase: 'failed', problem: NO })
  expect(opened[1]!.ended).toBe(true)
})
