import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { planOf } from '../../../src/state/engine-plan.ts'
import { pairTraffic } from '../../../src/state/link-traffic.ts'
import { EMPTY_RANK } from '../../../src/state/run-state.ts'
import { buildProgram } from '../../../src/strategy/build.ts'

const SMALL = {
  model: { layers: 4, heads: 2, embed: 16, context: 8, vocab: 64 },
  data: { tokenizer: 'char' },
  batch: { global: 4, microbatches: 4, sequence: 8 },
}
const configOf = (parallel: object) => parseConfig({ ...SMALL, parallel })
const pipeline = configOf({ pipeline: 4, schedule: 'gpipe' })
const replicas = (parallel: object) =>
  parseConfig({ ...SMALL, batch: { ...SMALL.batch, microbatches: 1 }, parallel: { data: 4, ...parallel } })

/** Every rank has just exchanged what `picks` names. */
function exchanged(config: ReturnType<typeof configOf>, picks: (op: { kind: string; subject?: string }) => boolean) {
  const plan = planOf(config)
  const ranks = buildProgram(config).ranks.map(({ step }) => ({
    ...EMPTY_RANK,
    exchanges: step.filter((op) => 'traffic' in op && picks(op)).map(({ id }) => id),
  }))
  return pairTraffic(plan, ranks, null)
}
const names = (traffic: ReturnType<typeof pairTraffic>) =>
  traffic.map(({ low, high, flow }) => `${low} ${flow} ${high}`).toSorted()

describe('what travels between ranks', () => {
  it('in the schedule: activations forth where a forward has just ended, back where a backward has', () => {
    const plan = planOf(pipeline)
    // Micro-batch 0 leaves stage 0 at tick 1 and stage 1 at tick 2, when micro-batch 1 leaves stage 0.
    expect(pairTraffic(plan, [], 0)).toEqual([])
    expect(names(pairTraffic(plan, [], 1))).toEqual(['0 forth 1'])
    expect(names(pairTraffic(plan, [], 2))).toEqual(['0 forth 1', '1 forth 2'])
    expect(names(pairTraffic(plan, [], 9))).toEqual(['2 back 3'])
  })

  it('in a run: what ranks have exchanged since they were looked at, each message counted once', () => {
    const plan = planOf(pipeline)
    const [one, two] = buildProgram(pipeline).ranks.slice(1, 3)
    const send = one!.step.find(({ kind }) => kind === 'send')!
    const recv = two!.step.find(({ kind }) => kind === 'recv')!
    const ranks = plan.ranks.map(({ rank }) => ({
      ...EMPTY_RANK,
      exchanges: rank === 1 ? [send.id] : rank === 2 ? [recv.id] : [],
    }))
    const bytes = 8 * 16 * 4
    expect(pairTraffic(plan, ranks, null)).toMatchObject([{ low: 1, high: 2, traffic: 'activations', bytes }])
  })

  it('a ring closes, a star meets in its root; bytes are what the plan of the collective moves', () => {
    const gradients = (op: { kind: string; subject?: string }) => op.kind === 'allReduce' && /bucket/.test(op.subject!)
    const ring = exchanged(replicas({ collective: 'ring' }), gradients)
    expect(names(ring)).toEqual(['0 back 3', '0 forth 1', '1 forth 2', '2 forth 3'])
    const parameters = planOf(replicas({})).parameters
    // Each sends 2(n − 1)/n of the vector to the next.
    for (const { bytes } of ring) expect(bytes / (1.5 * 4 * parameters)).toBeCloseTo(1, 2)
    const star = exchanged(replicas({ collective: 'star' }), gradients)
    expect(names(star)).toEqual(['0 both 1', '0 both 2', '0 both 3'])
  })

  it('a norm shows only where nothing else goes', () => {
    expect(new Set(exchanged(replicas({}), () => true).map(({ traffic }) => traffic))).toEqual(new Set(['gradients']))
    const norm = exchanged(replicas({}), ({ subject }) => subject === 'gradient norm')
    expect(new Set(norm.map(({ traffic }) => traffic))).toEqual(new Set(['scalars']))
  })

  it('pairs are those that ever exchange anything', () => {
    expect(planOf(pipeline).pairs).toEqual(expect.arrayContaining(['0 1', '1 2', '2 3']))
    expect(planOf(configOf({})).pairs).toEqual([])
  })
})
