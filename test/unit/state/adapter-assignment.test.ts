import { describe, expect, it } from 'vitest'
import { errorOf } from '../../../src/core/errors.ts'
import type { FoundAdapter } from '../../../src/cluster/browser-run.ts'
import type { Availability } from '../../../src/state/session.ts'
import { engineSession } from '../../../src/state/engine-session.ts'
import { assignmentOf, assignedChoices, refusalOfAdapters } from '../../../src/state/adapter-assignment.ts'

const TWO = [{ choices: ['high-performance', 'low-power'] }, { choices: ['fallback'] }] as const

describe('dealing ranks to adapters', () => {
  it('in turn takes each distinct adapter once', () =>
    expect(assignedChoices('turn', 3, TWO, [])).toEqual(['high-performance', 'fallback', 'high-performance']))
  it('rank by rank starts from what there was', () =>
    expect(assignedChoices('byRank', 3, TWO, ['low-power'])).toEqual([
      'low-power',
      'high-performance',
      'high-performance',
    ]))
  it('one for all, or the browser’s own', () => {
    expect(assignedChoices('fallback', 2, TWO, [])).toEqual(['fallback', 'fallback'])
    expect(assignedChoices('default', 2, TWO, ['fallback'])).toBe('default')
  })
  it('is named by the shortest way to say it', () => {
    expect(assignmentOf([], TWO)).toBe('default')
    expect(assignmentOf(['low-power', 'low-power'], TWO)).toBe('low-power')
    expect(assignmentOf(['high-performance', 'fallback'], TWO)).toBe('turn')
    expect(assignmentOf(['fallback', 'low-power'], TWO)).toBe('byRank')
  })
})

describe('adapters that a configuration names', () => {
  const parsed = engineSession.parse({ parallel: { data: 2 }, cluster: { adapters: ['low-power', 'fallback'] } })
  if (parsed.kind === 'refused') throw errorOf(parsed.problems[0]!)
  const found = (choices: FoundAdapter['choices']): Availability => ({
    kind: 'ok',
    adapters: [{ choices } as FoundAdapter],
  })
  it('are refused by name where the browser lacks one', () => {
    expect(refusalOfAdapters(parsed.config, found(['low-power']))?.message).toBe(
      'cluster.adapters: this browser has no fallback adapter; it has default, low-power',
    )
    expect(refusalOfAdapters(parsed.config, found(['low-power', 'fallback']))).toBeNull()
    expect(refusalOfAdapters(parsed.config, null)).toBeNull()
  })
})
