import { expect, test } from 'vitest'
import { errorOf } from '../../../src/core/errors.ts'
import { sentence } from '../../../src/core/fault.ts'
import type { Fault } from '../../../src/core/fault.ts'
import type { Draft } from '../../../src/state/draft-path.ts'
import { createDraftStore } from '../../../src/state/draft-store.ts'
import { predict } from '../../../src/state/engine-plan.ts'
import { engineSession } from '../../../src/state/engine-session.ts'
import { createPlanner } from '../../../src/state/plan-in-worker.ts'
import type { PlanReply } from '../../../src/state/plan-in-worker.ts'
import { createPlanStore } from '../../../src/state/plan-store.ts'
import { checkSize } from '../../../src/state/plan-size.ts'
import type { RunConfig } from '../../../src/config/types.ts'

function configOf(draft: Draft) {
  const parsed = engineSession.parse(draft)
  if (parsed.kind === 'refused') throw errorOf(parsed.problems[0]!)
  return parsed.config
}

/** Workers that answer when they are told to. */
function workers() {
  const made: { asked: RunConfig[]; answer: () => void; fail: (fault: Fault) => void; ended: boolean }[] = []
  const open = (hear: (reply: PlanReply) => void, fail: (fault: Fault) => void) => {
    const worker = {
      asked: [] as RunConfig[],
      ended: false,
      fail,
      answer: () => hear(structuredClone({ kind: 'planned' as const, planned: predict(worker.asked.at(-1)!) })),
    }
    made.push(worker)
    return {
      postMessage: (config: RunConfig) => void worker.asked.push(config),
      terminate: () => void (worker.ended = true),
    }
  }
  return { made, open }
}
const soon = (milliseconds = 5) => new Promise((resolve) => setTimeout(resolve, milliseconds))

test.each<[Draft, string]>([
  [{ parallel: { data: 65536 }, batch: { global: 65536, microbatches: 1 } }, 'parallel: 65536 ranks'],
  [
    { parallel: { data: 1024, dataMode: 'data-parallel' }, batch: { global: 1024, microbatches: 1 } },
    'parallel: 1024 ranks; this page trains on at most 256: Simulate clocks more',
  ],
  [{ batch: { global: 65536, microbatches: 65536 } }, 'batch.microbatches: 65536 on 1 ranks of 4 blocks are too many'],
])('%j is refused before anything is compiled', async (draft, message) => {
  const { made, open } = workers()
  await expect(createPlanner(open)(configOf(draft))).rejects.toThrow(message)
  expect(made).toEqual([])
})

test('what the panel offers is not refused for its size', () => {
  for (const draft of [
    { parallel: { data: 16 }, batch: { global: 64, microbatches: 4 } },
    { batch: { global: 256, microbatches: 256 } },
    { parallel: { data: 2, tensor: 2, pipeline: 2 }, batch: { global: 128, microbatches: 64 } },
  ] satisfies Draft[])
    expect(() => checkSize(configOf(draft))).not.toThrow()
})

test('a plan that crossed from its worker answers questions as one made on the spot', async () => {
  const { made, open } = workers()
  const plan = createPlanner(open)
  const config = configOf({ parallel: { data: 2 } })
  const asked = plan(config)
  await soon()
  made[0]!.answer()
  const { describe, inspect, pairs, ranks } = await asked
  expect(pairs).toEqual(['0 1'])
  const op = ranks[1]!.memory.ops.at(-1)!
  expect(describe(1, op)?.kind).toBeDefined()
  expect(inspect({ kind: 'device', rank: 1 })?.kind).toBe('device')
  const next = plan(config)
  await soon()
  made[0]!.answer()
  await next
  expect(made).toHaveLength(1)
})

test('what nobody wants any more rejects at once, and its worker is ended; the next plan has another', async () => {
  const { made, open } = workers()
  const plan = createPlanner(open)
  const unwanted = new AbortController()
  const first = plan(configOf({}), unwanted.signal)
  await soon()
  unwanted.abort(new Error('not wanted'))
  await expect(first).rejects.toThrow('not wanted')
  const second = plan(configOf({}))
  await expect.poll(() => made.length, { timeout: 5000 }).toBe(2)
  expect(made[0]!.ended).toBe(true)
  await expect.poll(() => made[1]!.asked.length).toBe(1)
  made[1]!.answer()
  expect((await second).world).toBe(1)
})

test('a worker that cannot be loaded fails its plan, not the next one', async () => {
  const { made, open } = workers()
  const plan = createPlanner(open)
  const first = plan(configOf({}))
  await soon()
  made[0]!.fail(sentence('unexpected', { message: 'gone' }))
  await expect(first).rejects.toThrow('gone')
  const second = plan(configOf({}))
  await soon()
  made[1]!.answer()
  expect((await second).world).toBe(1)
})

test('where no worker can be made, every plan says so', async () => {
  const plan = createPlanner(() => {
    throw new Error('no workers here')
  })
  await expect(plan(configOf({}))).rejects.toThrow('no workers here')
  await expect(plan(configOf({}))).rejects.toThrow('no workers here')
})

test('long planning says so, is cancelled, and is done again on request', async () => {
  const { made, open } = workers()
  const draft = createDraftStore(engineSession)
  const store = createPlanStore({ plan: createPlanner(open) }, draft)
  await expect.poll(() => store.getState().computing, { timeout: 5000 }).toBe('long')
  store.cancel()
  await soon()
  expect(store.getState()).toMatchObject({
    computing: false,
    plan: null,
    problem: { code: 'planning-cancelled', values: {} },
  })
  store.replan()
  await expect.poll(() => made.length, { timeout: 5000 }).toBe(2)
  await expect.poll(() => made[1]!.asked.length).toBe(1)
  made[1]!.answer()
  await soon()
  expect(store.getState()).toMatchObject({ computing: false, problem: null, config: draft.getState().config })
})
