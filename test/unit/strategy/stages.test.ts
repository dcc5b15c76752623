import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { balancedBlocks, blocksPerStage, stagesOf } from '../../../src/strategy/stages.ts'

const blocks = (layers: number, pipeline: number, partition: unknown = 'even') =>
  blocksPerStage(parseConfig({ model: { layers }, parallel: { pipeline, partition } }))

describe('partition', () => {
  test('even: ceil(L/n) each, as get_device_map; never an empty stage', () => {
    expect(blocks(12, 4)).toEqual([3, 3, 3, 3])
    expect(blocks(10, 4)).toEqual([3, 3, 3, 1])
    expect(blocks(9, 4)).toEqual([3, 2, 2, 2])
    expect(blocks(4, 3)).toEqual([2, 1, 1])
  })

  test('a list is taken as it is', () => {
    expect(blocks(8, 2, [3, 5])).toEqual([3, 5])
    expect(() => blocks(8, 2, [3, 4])).toThrow(/parallel.partition/)
  })

  test('embedding on the first stage, final norm and head on the last', () => {
    const stages = stagesOf(parseConfig({ model: { layers: 6 }, parallel: { pipeline: 3 } }))
    expect(stages.map((stage) => [stage.first, stage.end, stage.embedding, stage.head])).toEqual([
      [0, 2, true, false],
      [2, 4, false, false],
      [4, 6, false, true],
    ])
  })

  test('balanced: a large vocabulary takes blocks off the last stage', () => {
    const counts = blocksPerStage(
      parseConfig({
        model: { layers: 12, heads: 4, embed: 64, context: 64, vocab: 20_000 },
        parallel: { pipeline: 4, partition: 'balanced' },
      }),
    )
    expect(counts.reduce((a, b) => a + b)).toBe(12)
    expect(counts.at(-1)).toBeLessThan(3)
  })

  test('balanced is the optimum of all contiguous splits', () => {
    const splits = (n: number, stages: number): number[][] =>
      stages === 1
        ? [[n]]
        : Array.from({ length: n + 1 }, (_, k) => splits(n - k, stages - 1).map((rest) => [k, ...rest])).flat()
    const cost = fc.integer({ min: 1, max: 20 })
    fc.assert(
      fc.property(
        fc.array(cost, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        cost,
        cost,
        (costs, stages, head, tail) => {
          const largest = (counts: readonly number[]) => {
            let at = 0
            return Math.max(
              ...counts.map((count, s) => {
                const own = costs.slice(at, (at += count)).reduce((a, b) => a + b, 0)
                return own + (s === 0 ? head : 0) + (s === counts.length - 1 ? tail : 0)
              }),
            )
          }
          const best = Math.min(...splits(costs.length, stages).map(largest))
          const found = balancedBlocks(costs, stages, head, tail)
          expect(found.reduce((a, b) => a + b, 0)).toBe(costs.length)
          expect(largest(found)).toBe(best)
        },
      ),
      { numRuns: 200 },
    )
  })
})
