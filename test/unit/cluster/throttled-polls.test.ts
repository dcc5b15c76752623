import { describe, expect, test } from 'vitest'
import { withThrottledPolls } from '../../../src/cluster/hosts/throttled-polls.ts'

/** What native code makes has no name and no source. */
const native = structuredClone.bind(null)
const poll = Object.defineProperty(native, 'name', { value: '' }) as () => void

const handle = setImmediate(() => {})

function observed() {
  let clock = 0
  const pauses: number[] = []
  const scheduled: unknown[] = []
  const { __promisify__ } = setImmediate
  const record = (...given: unknown[]) => {
    scheduled.push(given)
    return handle
  }
  const schedule: typeof setImmediate = Object.assign(record, { __promisify__ })
  const unhurried = withThrottledPolls(
    schedule,
    () => clock,
    (milliseconds) => {
      pauses.push(milliseconds)
      clock += milliseconds
    },
  )
  return { unhurried, pauses, scheduled, pass: (milliseconds: number) => (clock += milliseconds) }
}

describe('polls of a native library', () => {
  test('pause where they follow each other at once, and each is still made', () => {
    const { unhurried, pauses, scheduled, pass } = observed()
    for (let i = 0; i < 20; i++) {
      unhurried(poll)
      pass(0.01)
    }
    expect(pauses.length).toBeGreaterThan(10)
    expect(pauses.length).toBeLessThan(20)
    expect(scheduled).toEqual(Array.from({ length: 20 }, () => [poll]))
  })

  test('are made unhurried once', () => {
    const { unhurried } = observed()
    expect(withThrottledPolls(unhurried)).toBe(unhurried)
  })

  test('with work between them none pauses', () => {
    const { unhurried, pauses, pass } = observed()
    for (let i = 0; i < 20; i++) {
      unhurried(poll)
      pass(1)
    }
    expect(pauses).toEqual([])
  })

  test('everything else goes through as it is', () => {
    const { unhurried, pauses, scheduled } = observed()
    const callback = (_value: number) => {}
    for (let i = 0; i < 20; i++) expect(unhurried(callback, i)).toBe(handle)
    expect(scheduled).toEqual(Array.from({ length: 20 }, (_, i) => [callback, i]))
    expect(pauses).toEqual([])
  })
})
