import { afterEach, describe, expect, test, vi } from 'vitest'
import type { ClusterHost } from '../../src/cluster/cluster.ts'
import { nodeTaskHost } from '../../src/cluster/hosts/node-tasks.ts'
import type { RankHost } from '../../src/cluster/rank.ts'
import type { RunEvent, RunPhase } from '../../src/cluster/run-events.ts'
import { openHubs } from '../../src/cluster/transport/setup.ts'
import { RefusedError, refused } from '../../src/core/errors.ts'
import { sentence } from '../../src/core/fault.ts'
import { request } from '../lib/generate-request.ts'
import { reusingRankHost, startTest } from '../lib/run.ts'

/** A hang is what is tested here: it should not take the suite's patience to see it. */
const PATIENCE = 60_000

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1))
}

/** A host that loses a rank: it takes no request after the one of this kind, and says no more. */
function losingHost(victim: number, kind: 'train' | 'open', onLoss: (die: () => void) => void): ClusterHost {
  const host = nodeTaskHost('memory', reusingRankHost)
  return {
    name: 'losing',
    async spawn(world, onDeath) {
      const spawned = await host.spawn(world, onDeath)
      const ports = spawned.ports.map((port, rank) => {
        let lost = false
        return {
          ...port,
          post(message: Parameters<typeof port.post>[0]) {
            if (rank === victim && message.kind === kind && !lost) {
              lost = true
              onLoss(() => onDeath(rank, sentence('worker-ended')))
            }
            // What the rank holds is released by the close that it would have got.
            if (!lost || message.kind === 'close') port.post(message)
          },
          listen: (listener: Parameters<typeof port.listen>[0]) => port.listen((reply) => !lost && listener(reply)),
        }
      })
      return { ...spawned, ports }
    },
  }
}

afterEach(() => void vi.useRealTimers())

describe('whatever is asked of a run settles', { timeout: PATIENCE }, () => {
  test('at any moment up to its end and after: answered, or told that the run is over', async () => {
    const run = await startTest({ steps: 2, parallel: { data: 2 } })
    run.keepWeights = true
    const asked: Promise<unknown>[] = []
    const over = new AbortController()
    void run.finished.finally(() => over.abort())
    while (!over.signal.aborted) {
      // Nothing is left out of this run's gradients: the quickest of all questions.
      asked.push(run.tensors('residue'))
      asked.at(-1)!.catch(() => undefined)
      await nextTurn()
    }
    asked.push(run.checkpoint())
    const answers = await Promise.allSettled(asked)
    expect(answers[0]!.status).toBe('fulfilled')
    const rejected = answers.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []))
    expect(new Set(rejected)).toEqual(new Set(['FaultError: the run is over']))
    // With the weights that were kept.
    expect(await run.generate(request)).not.toBe('')
  })

  test('of a run that fails: with its failure', async () => {
    const failing: RankHost = {
      ...reusingRankHost,
      openTransport() {
        throw new Error('no wire')
      },
    }
    const hubs = openHubs()
    await expect(startTest({ parallel: { data: 2 } }, { host: nodeTaskHost('memory', failing) })).rejects.toThrow(
      'rank 0: no wire',
    )
    expect(openHubs()).toBe(hubs)

    let lost!: (die: () => void) => void
    const loss = new Promise<() => void>((resolve) => (lost = resolve))
    const run = await startTest(
      { steps: 5, parallel: { data: 2 } },
      { host: losingHost(1, 'train', lost), startPaused: true },
    )
    const stepping = run.advance('step')
    const die = await loss
    const asked = [run.checkpoint(), run.weights(), run.generate(request), run.evaluate()]
    die()
    asked.push(run.checkpoint())
    await expect(run.finished).rejects.toThrow('rank 1: its worker ended')
    asked.push(run.checkpoint())
    for (const each of await Promise.allSettled(asked))
      expect(each).toMatchObject({ status: 'rejected', reason: { message: 'rank 1: its worker ended' } })
    await stepping
  })

  test('resume, advance and pause after the end change nothing', async () => {
    const run = await startTest({ steps: 1 })
    await run.finished
    const phases: RunPhase[] = []
    run.subscribe((event) => void (event.kind === 'phase' && phases.push(event.phase)))
    run.resume()
    run.pace(10)
    await run.advance('step')
    await run.advance('tick')
    await run.pause('op')
    await run.pause('step')
    expect((await run.stop()).steps).toHaveLength(1)
    expect(phases).toEqual(['done'])
  })

  test('a pause as the run ends does not outlast it', async () => {
    const run = await startTest({ steps: 1 })
    const phases: RunPhase[] = []
    run.subscribe((event) => void (event.kind === 'phase' && phases.push(event.phase)))
    const pausing = run.pause('op')
    await run.stop()
    await pausing
    expect(phases.at(-1)).toBe('stopped')
  })

  test('a listener that throws ends the run, and the others hear it', async () => {
    const heard: RunEvent[] = []
    const run = await startTest({ steps: 3 }, { startPaused: true })
    run.subscribe((event) => {
      if (event.kind === 'step') throw new Error('the chart is broken')
    })
    run.subscribe((event) => void heard.push(event))
    run.resume()
    await expect(run.finished).rejects.toThrow('the chart is broken')
    expect(heard.filter((event) => event.kind === 'step')).toHaveLength(1)
    expect(heard.filter((event) => event.kind === 'failed')).toMatchObject([
      { fault: { code: 'unexpected', values: { message: 'the chart is broken' } } },
    ])
    expect(run.leakedBytes).toBe(0)
  })
})

describe('a rank that is gone', { timeout: PATIENCE }, () => {
  test('is told at once: nobody waits for it to close', async () => {
    const run = await startTest(
      { steps: 3, parallel: { data: 2 } },
      {
        // Time stands still from here on: what waits for a timer waits for ever.
        host: losingHost(1, 'train', (die) => {
          vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] })
          setImmediate(die)
        }),
      },
    )
    await expect(run.finished).rejects.toThrow('rank 1: its worker ended')
  })

  test('is told also where it goes while it is opened', async () => {
    const host = losingHost(1, 'open', (die) => setImmediate(die))
    await expect(startTest({ parallel: { data: 2 } }, { host })).rejects.toThrow('rank 1: its worker ended')
  })

  test('or hangs: a stop names it and ends the run', async () => {
    let hangs = () => {}
    const hung = new Promise<void>((resolve) => (hangs = resolve))
    const host = losingHost(1, 'train', () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] })
      hangs()
    })
    const run = await startTest({ steps: 3, parallel: { data: 2 } }, { host })
    await hung
    const stopped = run.stop().catch((error: unknown) => error)
    for (let second = 0; second < 12; second++) await vi.advanceTimersByTimeAsync(1000)
    expect(await stopped).toMatchObject({ message: 'rank 1: has not answered for 10 s' })
  })
})

test('an adapter that this machine does not offer is refused by its field, not a failure of a rank', async () => {
  const host: RankHost = {
    ...reusingRankHost,
    async openGpu(open) {
      throw refused('cluster.adapters', 'adapter-not-here', { choice: open.adapter, offered: 'default' })
    },
  }
  const started = startTest(
    { cluster: { adapters: ['fallback'] } },
    { host: nodeTaskHost('memory', host), onEvent: () => {} },
  )
  const error = await started.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(RefusedError)
  expect(error).toMatchObject({
    fault: { code: 'adapter-not-here', field: 'cluster.adapters' },
    message: 'cluster.adapters: this machine offers no fallback adapter; it has default',
  })
})
