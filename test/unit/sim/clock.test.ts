import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import type { CollectiveOp, Op, Program } from '../../../src/schedule/program.ts'
import { shapeOf } from '../../../src/schedule/registry.ts'
import { summarizeSchedule } from '../../../src/schedule/summary.ts'
import { clockProgram } from '../../../src/sim/clock.ts'
import { eagerRoot, eagerSpans } from '../../../src/sim/clock/eager.ts'
import { isExchange } from '../../../src/schedule/op-kinds.ts'
import type { CostModel } from '../../../src/sim/cost/cost-model.ts'
import { measuredCosts } from '../../../src/sim/cost/measured-costs.ts'
import { programCosts } from '../../../src/sim/cost/program-costs.ts'
import { unitCosts } from '../../lib/unit-costs.ts'
import { workKey } from '../../../src/sim/cost/work-key.ts'
import { clusterOf } from '../../../src/sim/links.ts'
import { buildProgram } from '../../../src/strategy/build.ts'
import { slowedCosts } from '../../lib/slowed-costs.ts'

const configOf = (input: object) => parseConfig(input, 'simulate')
const programOf = (input: object) => buildProgram(configOf(input))
/** Every compute op a second, every exchange two. */
const flat: CostModel = { seconds: (op) => (op.kind === 'recv' ? 0 : isExchange(op) ? 2 : 1) }

describe('unit costs', () => {
  const batch = { global: 16, microbatches: 8 }
  const model = { layers: 8, heads: 2, embed: 16, context: 64, vocab: 256 }
  it.each([
    ['naive', 4, 1],
    ['gpipe', 4, 1],
    ['1f1b', 4, 1],
    ['interleaved-1f1b', 4, 2],
    ['zb-h1', 4, 1],
    ['zb-h2', 4, 1],
    ['zb-v', 2, 2],
  ] as const)('clock the Program of %s as its schedule says', (schedule, pipeline, chunks) => {
    const config = configOf({ model, batch, parallel: { schedule, pipeline, chunks } })
    const program = buildProgram(config)
    const clocked = clockProgram(program, unitCosts(program, chunks))
    const { makespan, bubble } = summarizeSchedule(schedule, shapeOf(config))
    expect(clocked.stepSeconds).toBeCloseTo(makespan, 9)
    const work = clocked.ranks.reduce((sum, each) => sum + each.computeSeconds, 0)
    expect(1 - work / (pipeline * clocked.stepSeconds)).toBeCloseTo(bubble, 9)
  })
})

describe('the clock', () => {
  const inputs = [
    { parallel: { data: 2 } },
    { parallel: { pipeline: 2, schedule: 'zb-h1' }, batch: { global: 8, microbatches: 4 } },
    { parallel: { data: 3, dataMode: 'data-parallel' } },
    { parallel: { data: 2, dataMode: 'parameter-server', server: { at: 'cpu' } } },
  ]
  it.each(inputs)('starts nothing before what it waits for: %j', (input) => {
    const { ranks, stepSeconds } = clockProgram(programOf(input), flat)
    const starts = new Map<string, number>()
    for (const { step, start, end } of ranks) {
      const streams = new Map<string, number>()
      const written = new Map<string, number>()
      step.forEach((op, i) => {
        expect(start[i]).toBeGreaterThanOrEqual(streams.get(op.stream) ?? 0)
        for (const name of op.reads) expect(start[i]).toBeGreaterThanOrEqual(written.get(name) ?? 0)
        streams.set(op.stream, end[i]!)
        for (const name of op.writes) written.set(name, end[i]!)
        if ('group' in op && eagerRoot(op) === null) {
          const key = `${op.stream} ${op.subject} ${op.microbatch}`
          expect(start[i]).toBe(starts.get(key) ?? start[i])
          starts.set(key, start[i]!)
        }
      })
    }
    for (const { computeSeconds, communicationSeconds, idleSeconds } of ranks)
      expect(computeSeconds + communicationSeconds + idleSeconds).toBeCloseTo(stepSeconds, 9)
  })
  it('gives the same times twice, and chains the critical path without a gap', () => {
    const program = programOf({ parallel: { data: 2, pipeline: 2 }, batch: { global: 8, microbatches: 2 } })
    const [a, b] = [clockProgram(program, flat), clockProgram(program, flat)]
    expect(a.ranks.map((each) => [...each.end])).toEqual(b.ranks.map((each) => [...each.end]))
    let until = 0
    for (const { rank, index } of a.criticalPath) {
      expect(a.ranks[rank]!.start[index]).toBeLessThanOrEqual(until)
      until = a.ranks[rank]!.end[index]!
    }
    expect(until).toBe(a.stepSeconds)
  })
  it('gives replicas of equal batches equal times: folding them is exact', () => {
    const config = configOf({ parallel: { data: 4, pipeline: 2 }, batch: { global: 16, microbatches: 2 } })
    const { ranks } = clockProgram(buildProgram(config), programCosts(config, clusterOf(config.cluster)))
    // Up to the norm, of which every replica squares its own part.
    const ends = (rank: number) =>
      [...ranks[rank]!.end].slice(
        0,
        ranks[rank]!.step.findIndex((op) => op.kind === 'gradNorm'),
      )
    for (const rank of [1, 2, 3]) expect(ends(rank)).toEqual(ends(0))
    expect(ends(0).length).toBeGreaterThan(50)
  })
  it('lets ranks on one device compute in turn', () => {
    const program = programOf({ parallel: { data: 2 } })
    const apart = clockProgram(program, flat)
    const shared = clockProgram(program, flat, { sharedDevice: true })
    const busy = shared.ranks.reduce((sum, each) => sum + each.step.filter((op) => !isExchange(op)).length, 0)
    expect(shared.stepSeconds).toBeGreaterThan(apart.stepSeconds)
    expect(shared.stepSeconds).toBeGreaterThanOrEqual(busy)
  })
  it('names who waits for ever', () => {
    const program = programOf({ parallel: { data: 2 } })
    const [first, second] = program.ranks
    const broken: Program = {
      ...program,
      ranks: [first!, { ...second!, step: second!.step.filter((op: Op) => !('group' in op)) }],
    }
    expect(() => clockProgram(broken, flat)).toThrow(/never enters this/)
  })
  it('slows a straggler, and everybody who waits for it', () => {
    const program = programOf({ parallel: { data: 2 } })
    const time = (stragglers: object[]) => {
      const config = configOf({ parallel: { data: 2 }, cluster: { stragglers } })
      const cluster = clusterOf(config.cluster)
      return clockProgram(program, slowedCosts(programCosts(config, cluster), cluster.slowdown))
    }
    const slowed = time([{ rank: 1, slowdown: 2 }])
    expect(slowed.stepSeconds).toBeGreaterThan(1.5 * time([]).stepSeconds)
    expect(slowed.ranks[0]!.idleSeconds).toBeGreaterThan(slowed.ranks[1]!.idleSeconds)
  })
})

describe('measured costs', () => {
  it('stand for every op of the same key', () => {
    const program = programOf({ parallel: { data: 2 } })
    const keys = new Set(program.ranks[0]!.step.map(workKey).filter((key) => key !== null))
    const costs = measuredCosts(new Map([...keys].map((key) => [key, 3])), { seconds: () => 0 })
    for (const op of program.ranks[0]!.step) expect(costs.seconds(op, 0)).toBe(workKey(op) === null ? 0 : 3)
    expect(keys.size).toBeGreaterThan(10)
    expect(keys.size).toBeLessThan(program.ranks[0]!.step.length)
  })
})

describe('collectives with a root', () => {
  const rooted = (kind: CollectiveOp['kind'], algorithm: CollectiveOp['algorithm'] = 'ring'): CollectiveOp => ({
    id: 0,
    kind,
    algorithm,
    stream: 'group:0,1,2',
    group: [0, 1, 2],
    root: 0,
    source: [],
    target: [],
    reads: [],
    writes: [],
    traffic: 'gradients',
    subject: 'bucket',
    elementBytes: 4,
  })
  it('are told from those where members meet', () => {
    expect(eagerRoot(rooted('gather'))).toBe(0)
    expect(eagerRoot(rooted('allReduce'))).toBeNull()
    expect(eagerRoot(rooted('reduce'))).toBeNull()
    expect(eagerRoot(rooted('reduce', 'star'))).toBe(0)
  })
  it('let senders go and take messages in one by one', () => {
    const members = [5, 0, 1].map((ready) => ({ ready, seconds: 4 }))
    const ends = (linkFree: number) => eagerSpans(rooted('gather'), members, 0, linkFree).map(({ end }) => end)
    expect(ends(0)).toEqual([5, 2, 3])
    expect(ends(4)).toEqual([8, 2, 3])
  })
  it('send one by one from the root', () => {
    const members = [1, 0, 9].map((ready) => ({ ready, seconds: 4 }))
    const spans = eagerSpans(rooted('pull'), members, 0, 0)
    expect(spans.map(({ start, end }) => [start, end])).toEqual([
      [1, 5],
      [1, 3],
      [9, 9],
    ])
  })
})
