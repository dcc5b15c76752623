import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AsyncEvent } from '../../../src/schedule/async-order.ts'
import { AsyncOrder } from '../../../src/schedule/async-order.ts'

/** Staleness of every push, counted from the events alone. */
function staleness(events: readonly AsyncEvent[], workers: number): number[] {
  let version = 0
  const pulled = Array.from({ length: workers }, () => 0)
  return events.flatMap((event) => {
    if (event.kind === 'pull') pulled[event.worker] = version
    if (event.kind !== 'update') return []
    const found = event.members.map((worker) => version - pulled[worker]!)
    version++
    return found
  })
}

const steps = (order: AsyncOrder, count: number) => Array.from({ length: count }, () => order.next())

test('staleness 0: one update a step, of everybody in rank order', () => {
  for (const events of steps(new AsyncOrder([1, 3, 1], 0), 5)) {
    expect(events.filter(({ kind }) => kind === 'push')).toEqual(
      [0, 1, 2].map((worker) => ({ kind: 'push', worker, part: worker })),
    )
    expect(events.at(-1)).toEqual({ kind: 'update', members: [0, 1, 2] })
  }
})

test('equal workers without a bound take turns and are workers − 1 updates behind', () => {
  const events = steps(new AsyncOrder([1, 1, 1, 1], 100), 6).flat()
  expect(staleness(events, 4)).toEqual([0, 1, 2, 3, ...Array.from({ length: 20 }, () => 3)])
})

test('a straggler pushes less often, and what it pushes is old', () => {
  const events = steps(new AsyncOrder([1, 1, 4], 100), 30).flat()
  const pushes = events.filter((event) => event.kind === 'push')
  const slow = pushes.filter(({ worker }) => worker === 2).length
  expect(pushes.length).toBe(90)
  expect(slow).toBe(10)
  expect(Math.max(...staleness(events, 3))).toBe(8)
  expect(Math.max(...staleness(steps(new AsyncOrder([1, 1, 4], 3), 30).flat(), 3))).toBe(3)
})

test('any workers, any bound: never staler than allowed, every step a whole batch, every push after a pull of its own', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 8 }),
      (durations, bound) => {
        const all = steps(new AsyncOrder(durations, bound), 20)
        expect(Math.max(...staleness(all.flat(), durations.length))).toBeLessThanOrEqual(bound)
        const holds = durations.map(() => false)
        for (const events of all) {
          const parts = events.flatMap((event) => (event.kind === 'push' ? [event.part] : []))
          expect(parts).toEqual(durations.map((_, part) => part))
          for (const event of events)
            if (event.kind !== 'update') {
              expect(holds[event.worker]).toBe(event.kind === 'push')
              holds[event.worker] = event.kind === 'pull'
            }
        }
      },
    ),
  )
})
