import { describe, expect, it } from 'vitest'
import { dealOf, dealt } from '../../../src/state/adapter-deal.ts'

const TWO = [{ choices: ['high-performance', 'low-power'] }, { choices: ['fallback'] }] as const

describe('dealing ranks to adapters', () => {
  it('in turn takes each distinct adapter once', () =>
    expect(dealt('turn', 3, TWO, [])).toEqual(['high-performance', 'fallback', 'high-performance']))
  it('rank by rank starts from what there was', () =>
    expect(dealt('byRank', 3, TWO, ['low-power'])).toEqual(['low-power', 'high-performance', 'high-performance']))
  it('one for all, or the browser’s own', () => {
    expect(dealt('fallback', 2, TWO, [])).toEqual(['fallback', 'fallback'])
    expect(dealt('default', 2, TWO, ['fallback'])).toBe('default')
  })
  it('is named by the shortest way to say it', () => {
    expect(dealOf([], TWO)).toBe('default')
    expect(dealOf(['low-power', 'low-power'], TWO)).toBe('low-power')
    expect(dealOf(['high-performance', 'fallback'], TWO)).toBe('turn')
    expect(dealOf(['fallback', 'low-power'], TWO)).toBe('byRank')
  })
})
