import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sentence } from '../../../src/core/fault.ts'
import { startPageRun } from '../../../src/cluster/browser-run.ts'
import type { ConductorCall, ConductorReply, ConductorRequest } from '../../../src/cluster/conductor-protocol.ts'
import type { RunEvent } from '../../../src/cluster/run-events.ts'
import { parseConfig } from '../../../src/config/parse.ts'

/** A conducting worker that answers what it is told to, and nothing else. */
class Conductor extends EventTarget {
  static newest: Conductor
  readonly asked: ConductorRequest[] = []
  terminated = false

  constructor() {
    super()
    Conductor.newest = this
  }

  postMessage(request: ConductorRequest): void {
    this.asked.push(request)
  }

  terminate(): void {
    this.terminated = true
  }

  say(reply: ConductorReply): void {
    this.dispatchEvent(new MessageEvent('message', { data: reply }))
  }

  answer(kind: ConductorCall['kind'], value: Extract<ConductorReply, { kind: 'answer' }>['value']): void {
    const { id } = this.asked.findLast(({ call }) => call.kind === kind)!
    this.say({ kind: 'answer', id, value })
  }

  throws(message: string): void {
    this.dispatchEvent(Object.assign(new Event('error'), { message }))
  }
}

const config = parseConfig({ steps: 2 })
const NOTHING = { kind: 'nothing' } as const

beforeEach(() => {
  vi.stubGlobal('Worker', Conductor)
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function opened(options: Parameters<typeof startPageRun>[2] = {}) {
  const run = await startPageRun(config, {}, options)
  const conductor = Conductor.newest
  const events: RunEvent[] = []
  run.subscribe((event) => void events.push(event))
  const begin = async () => {
    conductor.answer('start', NOTHING)
    await vi.advanceTimersByTimeAsync(0)
  }
  return { run, conductor, events, begin }
}

test.each<[string, (conductor: Conductor) => void, string]>([
  ['an exception', (conductor) => conductor.throws('x is not a function'), 'x is not a function'],
  ['a worker that cannot be loaded', (conductor) => conductor.throws(''), 'its worker could not be loaded'],
  [
    'a rejection that nobody handles',
    (conductor) => conductor.say({ kind: 'crashed', fault: sentence('unexpected', { message: 'boom' }) }),
    'boom',
  ],
])('%s fails the run once, ends its workers, and settles everything that was asked', async (_, happens, message) => {
  const { run, conductor, events, begin } = await opened()
  await begin()
  const pending = [
    run.checkpoint(),
    run.weights(),
    run.evaluate(),
    run.generate({ prompt: '', tokens: 1, temperature: 0, topK: 0, seed: 0 }),
  ]
  const settled = Promise.allSettled([...pending, run.finished])
  await vi.advanceTimersByTimeAsync(0)
  happens(conductor)
  happens(conductor)
  expect((await settled).map(({ status }) => status)).toEqual(Array(5).fill('rejected'))
  expect(events).toEqual([{ kind: 'failed', fault: expect.anything() as unknown, result: null }])
  expect(conductor.terminated).toBe(true)
  // And what is asked afterwards.
  await expect(run.checkpoint()).rejects.toThrow(message)
})

test('ranks that hang are ended with their conductor when the run is discarded', async () => {
  const { run, conductor, begin } = await opened()
  await begin()
  const gone = run.discard()
  const finished = expect(run.finished).rejects.toThrow('the run is over')
  await vi.advanceTimersByTimeAsync(1000)
  expect(conductor.asked.at(-1)!.call.kind).toBe('stop')
  expect(conductor.terminated).toBe(false)
  await vi.advanceTimersByTimeAsync(1000)
  await gone
  await finished
  expect(conductor.terminated).toBe(true)
})

test('a run that is discarded while its data are prepared is ended at once', async () => {
  const { run, conductor } = await opened()
  await run.discard()
  expect(conductor.terminated).toBe(true)
  expect(conductor.asked.map(({ call }) => call.kind)).toEqual(['start'])
  // What moves a run has nothing to move any more; what is asked of it is refused.
  await run.advance('step')
  await expect(run.weights()).rejects.toThrow('the run is over')
})

test('stopping a run whose rank hangs gives what was measured before', async () => {
  const { run, conductor, events, begin } = await opened()
  await begin()
  const stopped = run.stop()
  await vi.advanceTimersByTimeAsync(15_000)
  conductor.answer('soFar', { kind: 'result', result: { config, steps: [] } })
  await vi.advanceTimersByTimeAsync(0)
  expect(await stopped).toEqual({ config, steps: [] })
  expect(events.at(-1)?.kind).toBe('done')
  await vi.advanceTimersByTimeAsync(200)
  expect(conductor.terminated).toBe(true)
})

test('a conductor that answers nothing is ended all the same', async () => {
  const { run, conductor, begin } = await opened()
  await begin()
  const stopped = expect(run.stop()).rejects.toThrow('the run did not end, and was ended')
  await vi.advanceTimersByTimeAsync(20_000)
  await stopped
  expect(conductor.terminated).toBe(true)
})
