import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { planOf } from '../../../src/state/engine-plan.ts'
import { linkTraffic } from '../../../src/state/link-traffic.ts'
import { EMPTY_RANK } from '../../../src/state/run-state.ts'
import { buildProgram } from '../../../src/strategy/build.ts'

const SMALL = {
  model: { layers: 4, heads: 2, embed: 16, context: 8, vocab: 64 },
  data: { tokenizer: 'char' },
  batch: { global: 4, microbatches: 4, sequence: 8 },
}
const configOf = (parallel: object) => parseConfig({ ...SMALL, parallel })
const pipeline = configOf({ pipeline: 4, schedule: 'gpipe' })

describe('what links carry', () => {
  it('in the schedule: activations forth where a forward has just ended, back where a backward has', () => {
    const plan = planOf(pipeline)
    // Micro-batch 0 leaves stage 0 at tick 1 and stage 1 at tick 2, when micro-batch 1 leaves stage 0.
    expect(linkTraffic(plan, [], 0)).toEqual([null, null, null])
    expect(linkTraffic(plan, [], 1).map((each) => each?.flow ?? null)).toEqual(['forth', null, null])
    expect(linkTraffic(plan, [], 2).map((each) => each?.flow ?? null)).toEqual(['forth', 'forth', null])
    expect(linkTraffic(plan, [], 9).map((each) => each?.flow ?? null)).toEqual([null, null, 'back'])
    expect(linkTraffic(plan, [], 1)[0]).toEqual({ traffic: 'activations', flow: 'forth', ops: ['F0'] })
  })

  it('in a run: what ranks have exchanged since they were looked at', () => {
    const plan = planOf(pipeline)
    const send = buildProgram(pipeline).ranks[1]!.step.find(({ kind }) => kind === 'send')!
    const recv = buildProgram(pipeline).ranks[3]!.step.find(({ kind }) => kind === 'recv')!
    const ranks = plan.ranks.map(({ rank }) => ({
      ...EMPTY_RANK,
      exchanges: rank === 1 ? [send.id] : rank === 3 ? [recv.id] : [],
    }))
    expect(linkTraffic(plan, ranks, null).map((each) => each?.flow ?? null)).toEqual([null, 'forth', 'forth'])
  })

  it('a group lies over every link between its ranks; a norm shows only where nothing else goes', () => {
    const config = parseConfig({ ...SMALL, batch: { ...SMALL.batch, microbatches: 1 }, parallel: { data: 4 } })
    const plan = planOf(config)
    const ops = buildProgram(config).ranks[0]!.step.filter((op) => 'group' in op)
    const all = plan.ranks.map(({ rank }) => ({ ...EMPTY_RANK, exchanges: rank === 0 ? ops.map(({ id }) => id) : [] }))
    for (const link of linkTraffic(plan, all, null)) {
      expect(link?.traffic).toBe('gradients')
      expect(link?.flow).toBe('both')
    }
    const norm = ops.find((op) => 'subject' in op && op.subject === 'gradient norm')!
    const one = plan.ranks.map(({ rank }) => ({ ...EMPTY_RANK, exchanges: rank === 0 ? [norm.id] : [] }))
    expect(linkTraffic(plan, one, null).map((each) => each?.traffic)).toEqual(['scalars', 'scalars', 'scalars'])
  })
})
