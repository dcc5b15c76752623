import { describe, expect, it } from 'vitest'
import { errorOf } from '../../../src/core/errors.ts'
import { englishOf } from '../../../src/core/fault.ts'
import { planOf } from '../../../src/state/engine-plan.ts'
import { engineSession } from '../../../src/state/engine-session.ts'
import { FIELD_SPECS, optionOf } from '../../../src/state/fields.ts'
import type { RunConfig } from '../../../src/config/types.ts'
import { findFits } from '../../../src/state/fits.ts'
import { PRESETS } from '../../../src/state/presets.ts'
import { fullestPeak } from '../../../src/state/peak.ts'
import { STRATEGIES, STRATEGY_IDS, strategyOf, withStrategy } from '../../../src/state/strategies.ts'

function parsed(draft: Parameters<typeof engineSession.parse>[0]) {
  const result = engineSession.parse(draft)
  if (result.kind === 'refused') throw errorOf(result.problems[0]!)
  return result.config
}

describe('strategies', () => {
  it('has one row per id', () => expect(STRATEGIES.map(({ id }) => id)).toEqual(STRATEGY_IDS))

  it.each(STRATEGIES)('$id: choosing it gives a configuration that is it and compiles', async (strategy) => {
    const config = parsed(withStrategy({}, parsed({ parallel: { data: 4 }, batch: { microbatches: 1 } }), strategy))
    expect(strategyOf(config).id).toBe(strategy.id)
    const plan = planOf(config)
    expect(plan.overBudget).toBeNull()
    expect(new Set(strategy.fields(config)).size).toBe(strategy.fields(config).length)
  })

  it.each(STRATEGIES)('$id: choosing it for nano-llama gives one that compiles', (strategy) => {
    const draft = { model: { preset: 'nano-llama' } }
    const before = parsed({ ...draft, parallel: { data: 4 }, batch: { microbatches: 1 } })
    const config = parsed(withStrategy(draft, before, strategy))
    expect([strategyOf(config).id, config.model.preset]).toEqual([strategy.id, 'nano-llama'])
    expect(planOf(config).overBudget).toBeNull()
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
    expect(planOf(parsed(draft)).overBudget).toBeNull()
  })
})

describe('options', () => {
  it('are found again from what they wrote', () => {
    expect(optionOf(FIELD_SPECS['parallel.zero'], 2)).toBe('zero2')
    expect(optionOf(FIELD_SPECS['parallel.compression'], { kind: 'topk', ratio: 0.1, errorFeedback: true })).toBe(
      'topk',
    )
    expect(optionOf(FIELD_SPECS['parallel.fsdp.wrap'], { minParameters: 7 })).toBe('minParameters')
    expect(optionOf(FIELD_SPECS['parallel.fsdp.wrap'], [['wte'], ['h.0']])).toBe('[["wte"],["h.0"]]')
    expect(optionOf(FIELD_SPECS['parallel.partition'], [3, 1])).toBe('[3,1]')
  })
})

/** Plans where the page has a worker do it. */
const session: Parameters<typeof findFits>[0] = {
  parse: engineSession.parse,
  peaks: (configs) => Promise.resolve(configs.map(fullestPeak)),
}

describe('what fits a budget', () => {
  const BUDGET = 5e6
  it('is planned but not run when over it, and what fits is within it', async () => {
    const draft = { parallel: { data: 4 }, batch: { microbatches: 1 }, cluster: { memoryBytes: BUDGET } }
    const config = parsed(draft)
    const plan = planOf(config)
    expect(plan.overBudget?.field).toBe('cluster.memoryBytes')
    const { fits, tried } = await findFits(session, draft, config)
    expect(fits.map(({ changes }) => changes)).toContainEqual([{ kind: 'strategy', to: 'zero3' }])
    expect(tried.length).toBeLessThanOrEqual(24)
    for (const { draft: other, peak } of fits) {
      expect(peak).toBeLessThanOrEqual(BUDGET)
      const fitting = planOf(parsed(other))
      expect(fitting.overBudget).toBeNull()
      expect(peak).toBe(Math.max(...fitting.ranks.map((rank) => rank.peak.total)))
    }
  })

  it('finds recomputation on the present strategy', async () => {
    const draft = { parallel: { data: 4, zero: 3 }, batch: { microbatches: 1 }, cluster: { memoryBytes: 3e6 } }
    const { fits, tried } = await findFits(session, draft, parsed(draft))
    const full = fits.find(({ changes }) => JSON.stringify(changes) === '[{"kind":"recompute","to":"full"}]')
    expect(full?.peak).toBeLessThanOrEqual(3e6)
    expect(full?.draft).toEqual({ ...draft, parallel: { data: 4, zero: 3, recompute: 'full' } })
    expect(tried.map(({ changes }) => changes[0]?.kind)).toEqual(expect.arrayContaining(['microbatches', 'offload']))
    // More micro-batches than needed are not offered.
    expect(fits.filter(({ changes }) => changes[0]?.kind === 'microbatches').length).toBeLessThanOrEqual(1)
  })

  it('tries two changes together where one is not enough, and says all it tried where nothing is', async () => {
    const peaks = (least: number) => ({
      ...session,
      peaks: (configs: readonly RunConfig[]) =>
        Promise.resolve(
          configs.map(({ parallel }) => (parallel.recompute === 'full' && parallel.zero === 3 ? least : 9e6)),
        ),
    })
    const draft = { parallel: { data: 4 }, batch: { microbatches: 1 }, cluster: { memoryBytes: BUDGET } }
    const { fits } = await findFits(peaks(4e6), draft, parsed(draft))
    expect(fits.map(({ changes }) => changes)).toEqual([
      [
        { kind: 'recompute', to: 'full' },
        { kind: 'strategy', to: 'zero3' },
      ],
    ])
    const { fits: none, tried } = await findFits(peaks(6e6), draft, parsed(draft))
    expect(none).toEqual([])
    expect(tried.length).toBeGreaterThan(10)
    expect(tried.length).toBeLessThanOrEqual(24)
  })

  it('names the device that needs most, not the first over the budget', async () => {
    const plan = planOf(
      parsed({ parallel: { data: 4, zero: 3 }, batch: { microbatches: 1 }, cluster: { memoryBytes: 3e6 } }),
    )
    const most = plan.ranks.reduce((fullest, each) => (each.peak.total > fullest.peak.total ? each : fullest))
    expect(plan.ranks.every((each) => each.peak.total > 3e6)).toBe(true)
    expect(most.rank).not.toBe(0)
    expect(englishOf(plan.overBudget!)).toMatch(new RegExp(`^rank ${most.rank} needs `))
  })
})
