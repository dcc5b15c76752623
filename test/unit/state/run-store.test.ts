import { expect, test } from 'vitest'
import { errorOf } from '../../../src/core/errors.ts'
import type { PageRun } from '../../../src/cluster/browser-run.ts'
import type { RunEvent } from '../../../src/cluster/run-events.ts'
import { planOf } from '../../../src/state/engine-plan.ts'
import { engineSession } from '../../../src/state/engine-session.ts'
import { createRunStore } from '../../../src/state/run-store.ts'

const parsed = engineSession.parse({ model: { layers: 1, heads: 2, embed: 16, context: 16 }, batch: { sequence: 16 } })
if (parsed.kind === 'refused') throw errorOf(parsed.problems[0]!)
const { config } = parsed
const plan = planOf(config)

const soon = () => new Promise((resolve) => setTimeout(resolve, 5))

/** Runs that end when they are told to; how many were open at once is what a second cluster shows in. */
function cluster() {
  const opened: { emit: (event: RunEvent) => void; discarded: boolean; leave: () => void }[] = []
  let open = 0
  const counts = { most: 0 }
  const start = async (): Promise<PageRun> => {
    counts.most = Math.max(counts.most, ++open)
    const listeners = new Set<(event: RunEvent) => void>()
    let leave!: () => void
    const gone = new Promise<void>((resolve) => (leave = resolve)).then(() => void open--)
    const run = { emit: (event: RunEvent) => listeners.forEach((each) => each(event)), discarded: false, leave }
    opened.push(run)
    const over = () => Promise.reject(new Error('the run is over'))
    return {
      subscribe: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      discard() {
        run.discarded = true
        return gone
      },
      // A hung rank: neither ends ever.
      stop: () => new Promise(() => {}),
      finished: new Promise(() => {}),
      pause: over,
      advance: over,
      generate: over,
      evaluate: over,
      soFar: over,
      weights: over,
      checkpoint: over,
      resume: () => undefined,
      pace: () => undefined,
    }
  }
  return { opened, counts, start }
}

test('two starts in a row, while the run before is still being ended, open one cluster', async () => {
  const { opened, counts, start } = cluster()
  const run = createRunStore({ start })
  await run.start(config, plan, {})
  const again = run.start(config, plan, {})
  // From the click on it is starting: no button offers a start.
  expect(run.getState().phase).toBe('starting')
  const twice = run.start(config, plan, {})
  await soon()
  expect(opened).toHaveLength(1)
  opened[0]!.leave()
  await Promise.all([again, twice])
  expect(opened).toHaveLength(2)
  expect(counts.most).toBe(1)
  expect(run.handle()).not.toBeNull()
})

test('a reset does not wait for what never ends: the run is discarded', async () => {
  const { opened, start } = cluster()
  const run = createRunStore({ start })
  await run.start(config, plan, {})
  void run.reset()
  expect(opened[0]!.discarded).toBe(true)
  expect(run.getState().phase).toBe('idle')
  expect(run.handle()).toBeNull()
})

test('a reset while a run is being opened discards it as soon as it is there', async () => {
  const { opened, start } = cluster()
  let ready!: () => void
  const preparing = new Promise<void>((resolve) => (ready = resolve))
  const run = createRunStore({ start: async () => (await preparing, start()) })
  const starting = run.start(config, plan, {})
  await soon()
  await run.reset()
  ready()
  await soon()
  expect(opened[0]?.discarded).toBe(true)
  opened[0]!.leave()
  await starting
  expect(run.getState().phase).toBe('idle')
})

test('pausing and stepping as the last step ends are no failure of the run', async () => {
  const { opened, start } = cluster()
  const run = createRunStore({ start })
  await run.start(config, plan, { weights: new Blob(), startedFrom: 'w.safetensors' })
  opened[0]!.emit({ kind: 'done', result: { config } })
  await run.advance('step')
  await run.pause('op')
  expect(run.getState()).toMatchObject({ phase: 'done', failure: null })
  // And its result says where its weights came from.
  expect(run.getState().result).toEqual({ config, startedFrom: 'w.safetensors' })
})
