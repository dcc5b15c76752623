import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { simulate } from '../../../src/sim/simulate.ts'
import { nodeKinds, rangesOf } from '../../../src/state/node-view.ts'

const ranksOf = (parallel: object, batch: object) =>
  simulate(
    parseConfig(
      { precision: 'mixed-bf16', model: { preset: 'gpt3-6.7b' }, batch, parallel, cluster: { device: 'a100-80gb' } },
      'simulate',
    ),
  ).result.ranks

test('replicas of a stage are one kind of node, and every node is counted', () => {
  const kinds = nodeKinds(
    ranksOf({ data: 4, tensor: 8, pipeline: 4, schedule: '1f1b' }, { global: 32, microbatches: 8, sequence: 512 }),
    8,
  )
  expect(kinds.map(({ count, first, devices }) => [count, first, devices.length, devices[0]!.pipeline])).toEqual([
    [4, 0, 8, 0],
    [4, 4, 8, 1],
    [4, 8, 8, 2],
    [4, 12, 8, 3],
  ])
})

test('a node may hold several stages, and the last one may be smaller', () => {
  const kinds = nodeKinds(
    ranksOf({ data: 1, tensor: 2, pipeline: 3, schedule: '1f1b' }, { global: 6, microbatches: 6, sequence: 512 }),
    4,
  )
  expect(kinds.map(({ devices }) => rangesOf(devices.map(({ pipeline }) => pipeline)))).toEqual(['0–1', '2'])
  expect(kinds.map(({ devices }) => devices.length)).toEqual([4, 2])
})

test('ranges', () => {
  expect(rangesOf([3, 1, 2, 2])).toBe('1–3')
  expect(rangesOf([0, 2])).toBe('0, 2')
  expect(rangesOf([])).toBe('')
})
