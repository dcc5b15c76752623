import { expect, test } from 'vitest'
import { opsInTick } from '../../../src/cluster/ticks.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { actionsOf } from '../../../src/schedule/registry.ts'
import { buildProgram } from '../../../src/strategy/build.ts'

test('ticks of every schedule are its actions, one after another', () => {
  for (const schedule of ['gpipe', '1f1b', 'zb-h1'] as const) {
    const config = parseConfig({ parallel: { pipeline: 2, schedule }, batch: { global: 8, microbatches: 4 } })
    const { actions } = actionsOf(config)
    for (const rank of buildProgram(config).ranks) {
      let at = 0
      let ticks = 0
      while (at < rank.step.length) {
        at += opsInTick(rank.step, rank.step[at]!.id, schedule)
        ticks++
      }
      expect(ticks).toBe(actions[rank.rank]!.length)
    }
  }
})
