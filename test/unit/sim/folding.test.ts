import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { simulate } from '../../../src/sim/simulate.ts'

const base = { precision: 'mixed-bf16', model: { preset: 'gpt3-6.7b' }, cluster: { device: 'a100-80gb' } }

test('a straggler costs the replicas beside it idle time, not compute', () => {
  const config = parseConfig(
    {
      ...base,
      batch: { global: 16, microbatches: 8, sequence: 512 },
      parallel: { data: 2, pipeline: 2, schedule: '1f1b' },
      cluster: { ...base.cluster, stragglers: [{ rank: 1, slowdown: 2 }] },
    },
    'simulate',
  )
  const { computeSeconds, idleSeconds } = simulate(config).result.time
  expect(computeSeconds[1]! / computeSeconds[0]!).toBeGreaterThan(1.8)
  expect(idleSeconds[0]!).toBeGreaterThan(idleSeconds[1]!)
})
