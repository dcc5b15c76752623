import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RunConfig } from '../../../src/config/types.ts'
import { planMemory } from '../../../src/schedule/memory-plan.ts'
import { clockProgram } from '../../../src/sim/clock.ts'
import { programCosts } from '../../../src/sim/cost/program-costs.ts'
import { clusterOf } from '../../../src/sim/links.ts'
import { replay } from '../../../src/sim/replay/replay.ts'
import { buildProgram } from '../../../src/strategy/build.ts'
import { randomInput } from '../../lib/random-config.ts'
import { repeatedConfig, unevenConfig } from '../../lib/repeated-config.ts'
import { slowedCosts } from '../../lib/slowed-costs.ts'

/** The replay of the folded Program gives the clock's times and the plan's bytes of the whole one. */
function expectSame(config: RunConfig): void {
  const program = buildProgram(config)
  const plans = program.ranks.map((rank) => planMemory(rank))
  const cluster = clusterOf(config.cluster)
  const costs = programCosts(config, cluster)
  const { slowdown } = cluster
  const clocked = clockProgram(program, slowedCosts(costs, slowdown), { plans })
  const { walks, walkOf, stepSeconds } = replay(config, costs, slowdown, { curve: true })
  for (const [r, rank] of program.ranks.entries()) {
    const walk = walks[walkOf[rank.rank]!]!
    const plan = plans[r]!
    expect({ ...walk.peak }, `rank ${r}`).toEqual({ ...plan.peak })
    expect(walk.end.length).toBe(rank.step.length)
    const worst = rank.step.findIndex((_, i) => Math.abs(walk.end[i]! - clocked.ranks[r]!.end[i]!) > 1e-12)
    if (worst >= 0)
      expect(walk.end[worst], `rank ${r}, op ${worst} ${rank.step[worst]!.kind}`).toBe(clocked.ranks[r]!.end[worst])
  }
  expect(stepSeconds).toBeCloseTo(clocked.stepSeconds, 12)
}

const RUNS = process.env.TABCLUSTER_FULL === '1' ? 2000 : 60

describe('a replay is the clock and the memory plan of the whole Program', () => {
  test.each([
    [{ pipeline: 4, schedule: '1f1b' }, 9],
    [{ pipeline: 4, schedule: 'gpipe' }, 9],
    [{ pipeline: 2, schedule: 'interleaved-1f1b', chunks: 2 }, 8],
    [{ data: 2, pipeline: 2, zero: 3, schedule: 'zb-v', chunks: 2 }, 7],
    [{ data: 2, tensor: 2, sequenceParallel: true, zero: 2 }, 5],
    [{ data: 3, dataMode: 'data-parallel' }, 5],
    [{ data: 2, dataMode: 'parameter-server', server: { at: 'cpu' } }, 5],
    [{ data: 2, zero: 3, fsdp: { reshardAfterForward: false } }, 5],
  ])('%j, %i micro-batches', (parallel, microbatches) => {
    expectSame(unevenConfig(parallel, microbatches))
  })

  test('any configuration', () => {
    let held = 0
    fc.assert(
      fc.property(randomInput, fc.constantFrom(1, 3, 4), fc.nat(20), (input, times, slow) => {
        const more = slow < 2 ? { cluster: { stragglers: [{ rank: 0, slowdown: 2 + slow }] } } : {}
        const config = repeatedConfig(input, times, more)
        if (config === null) return
        expectSame(config)
        held++
      }),
      { numRuns: RUNS, seed: 13 },
    )
    expect(held, 'not refused').toBeGreaterThan(RUNS / 2)
  })
})
