import { expect, test } from 'vitest'
import { opsInTick } from '../../../src/cluster/ticks.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { actionsOf } from '../../../src/schedule/registry.ts'
import { buildProgram } from '../../../src/strategy/build.ts'

test.each([{}, { tensor: 2 }, { tensor: 2, sequenceParallel: true }, { data: 2, zero: 3 }])(
  'ticks of every schedule are its actions, one after another: %j',
  (parallel) => {
    for (const schedule of ['gpipe', '1f1b', 'zb-h1'] as const) {
      const config = parseConfig({
        model: { layers: 2, heads: 2, embed: 32, context: 16, vocab: 256 },
        parallel: { pipeline: 2, schedule, ...parallel },
        batch: { global: 8, microbatches: 4, sequence: 16 },
      })
      const { actions } = actionsOf(config)
      for (const rank of buildProgram(config).ranks) {
        let at = 0
        let ticks = 0
        while (at < rank.step.length) {
          at += opsInTick(rank.step, at, schedule)
          ticks++
        }
        expect(ticks).toBe(actions[rank.coordinates.pipeline]!.length)
      }
    }
  },
)
