import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startRun } from '../../../src/cluster/browser-run.ts'
import type { ConductorReply, ConductorRequest } from '../../../src/cluster/conductor-protocol.ts'
import type { RunEvent } from '../../../src/cluster/run-events.ts'
import { parseConfig } from '../../../src/config/parse.ts'

/** A conducting worker that a test speaks for. */
class FakeWorker extends EventTarget {
  static last: FakeWorker
  readonly asked: ConductorRequest[] = []
  terminated = false

  constructor() {
    super()
    FakeWorker.last = this
  }

  postMessage(request: ConductorRequest): void {
    this.asked.push(request)
  }

  terminate(): void {
    this.terminated = true
  }

  say(data: ConductorReply): void {
    this.dispatchEvent(new MessageEvent('message', { data }))
  }

  /** Answers what was asked first of this kind. */
  answer(kind: ConductorRequest['call']['kind']): void {
    const { id } = this.asked.find(({ call }) => call.kind === kind)!
    this.say({ kind: 'answer', id, value: { kind: 'nothing' } })
  }
}

const config = parseConfig({})
const step = (rank: number): RunEvent => ({ kind: 'current', rank, op: 0 })

beforeEach(() => void vi.stubGlobal('Worker', FakeWorker))
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('a run of the page, whatever becomes of its worker', () => {
  test('an exception in it fails the run; what is asked later is rejected, what would move it does nothing', async () => {
    const run = await startRun(config)
    const heard: RunEvent[] = []
    run.subscribe((event) => void heard.push(event))
    const worker = FakeWorker.last
    worker.answer('start')
    const weights = run.weights()
    await Promise.resolve()
    worker.dispatchEvent(Object.assign(new Event('error'), { message: 'a bug' }))
    await expect(run.finished).rejects.toThrow('a bug')
    await expect(weights).rejects.toThrow('a bug')
    expect(heard).toEqual([{ kind: 'failed', message: 'a bug', rank: null, exitStatus: 1, result: null }])
    expect(worker.terminated).toBe(true)
    await expect(run.checkpoint()).rejects.toThrow('a bug')
    run.resume()
    await run.advance('step')
    await run.pause('op')
    await expect(run.stop()).rejects.toThrow('a bug')
  })

  test('stopped while it starts, it is ended at once', async () => {
    const run = await startRun(config)
    const heard: RunEvent[] = []
    run.subscribe((event) => void heard.push(event))
    const paused = run.pause('op')
    const result = await run.stop()
    expect(result).toEqual({ config, steps: [], ranks: [] })
    expect(FakeWorker.last.terminated).toBe(true)
    expect(heard).toEqual([
      { kind: 'phase', phase: 'stopped' },
      { kind: 'done', result },
    ])
    await paused
    await expect(run.weights()).rejects.toThrow('the run is over')
    expect(await run.finished).toBe(result)
  })

  test('stopped and silent, it is ended after a while', async () => {
    const run = await startRun(config)
    FakeWorker.last.answer('start')
    await Promise.resolve()
    vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout', 'performance'] })
    const stopped = run.stop().catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(14_000)
    FakeWorker.last.say({ kind: 'event', event: step(0) })
    await vi.advanceTimersByTimeAsync(14_000)
    expect(FakeWorker.last.terminated).toBe(false)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(await stopped).toMatchObject({ message: 'the run has not answered for 15 s and was ended' })
    expect(FakeWorker.last.terminated).toBe(true)
  })

  test('events that nobody listens to are not kept for ever', async () => {
    const run = await startRun(config)
    for (let i = 0; i < 2000; i++) FakeWorker.last.say({ kind: 'event', event: step(i) })
    const heard: RunEvent[] = []
    const leave = run.subscribe((event) => void heard.push(event))
    expect(heard).toHaveLength(500)
    expect(heard.at(-1)).toEqual(step(1999))
    leave()
    FakeWorker.last.say({ kind: 'event', event: step(1) })
    run.subscribe((event) => void heard.push(event))
    expect(heard).toHaveLength(500)
  })
})
