import { expect, test } from 'vitest'
import { createAdapterStore } from '../../../src/state/adapter-store.ts'
import type { Availability } from '../../../src/state/session.ts'

const soon = () => new Promise((resolve) => setTimeout(resolve, 0))

test('where what asks the browser cannot be loaded, that is said, and asked again; it is no missing adapter', async () => {
  const answers: (Availability | Error)[] = [new Error('Failed to fetch'), { kind: 'ok', adapters: [] }]
  const store = createAdapterStore({
    probe: async () => {
      const answer = answers.shift()!
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  await soon()
  expect(store.getState()).toEqual({
    kind: 'unknown',
    fault: { code: 'unexpected', values: { message: 'Failed to fetch' } },
  })
  await store.probe()
  expect(store.getState()).toEqual({ kind: 'ok', adapters: [] })
})
