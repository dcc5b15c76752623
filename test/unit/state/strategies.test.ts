import { describe, expect, it } from 'vitest'
import { engineSession } from '../../../src/state/engine-session.ts'
import { FIELDS, optionOf } from '../../../src/state/fields.ts'
import { findFits } from '../../../src/state/fits.ts'
import { PRESETS } from '../../../src/state/presets.ts'
import { STRATEGIES, STRATEGY_IDS, strategyOf, withStrategy } from '../../../src/state/strategies.ts'

function parsed(draft: Parameters<typeof engineSession.parse>[0]) {
  const result = engineSession.parse(draft)
  if (result.kind === 'refused') throw new Error(result.problems.map(({ message }) => message).join('; '))
  return result.config
}

describe('strategies', () => {
  it('has one row per id', () => expect(STRATEGIES.map(({ id }) => id)).toEqual(STRATEGY_IDS))

  it.each(STRATEGIES)('$id: choosing it gives a configuration that is it and compiles', async (strategy) => {
    const config = parsed(withStrategy({}, parsed({ parallel: { data: 4 }, batch: { microbatches: 1 } }), strategy))
    expect(strategyOf(config).id).toBe(strategy.id)
    const plan = await engineSession.plan(config)
    expect(plan.overBudget).toBeNull()
    expect(new Set(strategy.fields(config)).size).toBe(strategy.fields(config).length)
  })

  it('keeps the budget and lets go of what is dealt by rank', () => {
    const draft = {
      cluster: { memoryBytes: 9e6, adapters: ['fallback', 'fallback'], stragglers: [{ rank: 1, slowdown: 2 }] },
    }
    const next = withStrategy(
      draft,
      parsed({ parallel: { data: 2 }, ...draft, batch: { microbatches: 1 } }),
      STRATEGIES[0]!,
    )
    expect(next['cluster']).toEqual({ memoryBytes: 9e6 })
  })

  it.each(Object.entries(PRESETS))('preset %s compiles', async (_, draft) => {
    expect((await engineSession.plan(parsed(draft))).overBudget).toBeNull()
  })
})

describe('options', () => {
  it('are found again from what they wrote', () => {
    expect(optionOf(FIELDS['parallel.zero'], 2)).toBe('zero2')
    expect(optionOf(FIELDS['parallel.compression'], { kind: 'topk', ratio: 0.1, errorFeedback: true })).toBe('topk')
    expect(optionOf(FIELDS['parallel.fsdp.wrap'], { minParameters: 7 })).toBe('minParameters')
    expect(optionOf(FIELDS['parallel.fsdp.wrap'], [['wte'], ['h.0']])).toBe('[["wte"],["h.0"]]')
    expect(optionOf(FIELDS['parallel.partition'], [3, 1])).toBe('[3,1]')
  })
})

describe('what fits a budget', () => {
  it('is planned but not run when over it, and what fits is within it', async () => {
    const draft = { parallel: { data: 4 }, batch: { microbatches: 1 }, cluster: { memoryBytes: 5e6 } }
    const config = parsed(draft)
    const plan = await engineSession.plan(config)
    expect(plan.overBudget?.field).toBe('cluster.memoryBytes')
    const fits = await findFits(engineSession, draft, config)
    expect(fits.map(({ id }) => id)).toContain('zero3')
    for (const { draft: other, peak } of fits) {
      expect(peak).toBeLessThanOrEqual(5e6)
      expect((await engineSession.plan(parsed(other))).overBudget).toBeNull()
    }
  })
})
