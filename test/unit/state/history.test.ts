import { expect, test } from 'vitest'
import { redone, undone, NO_HISTORY, withPast } from '../../../src/state/history.ts'
import { createSimulationStore } from '../../../src/state/simulation-store.ts'

const draft = (steps: number) => ({ steps })

test('what was undone is redone; a change after an undo forgets what was undone', () => {
  const second = { draft: draft(2), ...withPast({ draft: draft(1), ...NO_HISTORY }) }
  const first = undone(second)
  expect(first).toEqual({ draft: draft(1), past: [], future: [draft(2)] })
  expect(undone(first!)).toBeNull()
  expect(redone(first!)).toEqual(second)
  expect(redone(second)).toBeNull()
  expect(withPast(first!)).toEqual({ past: [draft(1)], future: [] })
})

test('a hundred changes are kept, the oldest go first', () => {
  let moment = { draft: draft(0), ...NO_HISTORY }
  for (let steps = 1; steps <= 150; steps++) moment = { draft: draft(steps), ...withPast(moment) }
  expect(moment.past).toHaveLength(100)
  expect(moment.past[0]).toEqual(draft(50))
})

test('the simulated draft is undone and simulated again', () => {
  const inputs: unknown[] = []
  const open = () => ({
    postMessage: ({ input }: { input: unknown }) => void inputs.push(input),
    terminate: () => undefined,
  })
  const store = createSimulationStore(open, {})
  store.set('parallel.data', 2)
  store.undo()
  expect(store.getState().draft).toEqual({})
  store.undo()
  store.redo()
  store.redo()
  expect(inputs).toEqual([{ parallel: { data: 2 } }, {}, { parallel: { data: 2 } }])
})
