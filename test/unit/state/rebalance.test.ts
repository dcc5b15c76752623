import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { planOf } from '../../../src/state/engine-plan.ts'
import { rebalance, withSplit } from '../../../src/state/rebalance.ts'
import { EMPTY_RANK } from '../../../src/state/run-state.ts'
import type { RankView } from '../../../src/state/run-state.ts'

const took = (...seconds: number[]): RankView[] => seconds.map((deviceSeconds) => ({ ...EMPTY_RANK, deviceSeconds }))

test('replicas of which one is half as fast get two thirds and one third of the batch', () => {
  const config = parseConfig({ parallel: { data: 2 }, batch: { global: 12, microbatches: 1 } })
  const found = rebalance(config, planOf(config), took(1, 2), 4)
  expect(found).toMatchObject({ kind: 'shares', before: [6, 6], after: [8, 4] })
  expect(found!.gain).toBeCloseTo(2 / (8 / 6))
  const better = parseConfig(JSON.parse(JSON.stringify(withSplit(config, found!))))
  expect(better.batch.shares).toEqual([8, 4])
  expect(rebalance(better, planOf(better), took(8 / 6, 8 / 6), 4)).toBeNull()
})

test('a straggler counts as slow as it is', () => {
  const config = parseConfig({
    parallel: { data: 2 },
    batch: { global: 8, microbatches: 1 },
    cluster: { stragglers: [{ rank: 1, slowdown: 3 }] },
  })
  expect(rebalance(config, planOf(config), took(1, 1), 4)).toMatchObject({ after: [6, 2] })
})

test('every replica keeps a sample for each of its micro-batches', () => {
  const config = parseConfig({ parallel: { data: 2 }, batch: { global: 8, microbatches: 2 } })
  expect(rebalance(config, planOf(config), took(1, 50), 4)).toMatchObject({ after: [6, 2] })
})

test('blocks move from the slow stage; the head of the last stage stays where it is', () => {
  const model = { layers: 8, heads: 4, embed: 32, context: 16, vocab: 256 }
  const config = parseConfig({ model, parallel: { pipeline: 2 }, batch: { global: 8, microbatches: 4, sequence: 16 } })
  // 256 / (12 · 32) = 2/3 of a block; as fast as the first stage the last would take 4 2/3.
  expect(rebalance(config, planOf(config), took(4, 4 + 2 / 3), 4)).toBeNull()
  const found = rebalance(config, planOf(config), took(4, 2 * (4 + 2 / 3)), 4)
  expect(found).toMatchObject({ kind: 'partition', before: [4, 4], after: [6, 2] })
  expect(found!.gain).toBeCloseTo((2 * (4 + 2 / 3)) / 6)
})

test('nothing is offered before there is something to go by, nor for a gain under a tenth', () => {
  const config = parseConfig({ parallel: { data: 2 }, batch: { global: 8, microbatches: 1 } })
  expect(rebalance(config, planOf(config), took(1, 2), 3)).toBeNull()
  expect(rebalance(config, planOf(config), [EMPTY_RANK, ...took(2)], 9)).toBeNull()
  expect(rebalance(config, planOf(config), took(1, 1.1), 9)).toBeNull()
  const one = parseConfig({})
  expect(rebalance(one, planOf(one), took(1), 9)).toBeNull()
})
