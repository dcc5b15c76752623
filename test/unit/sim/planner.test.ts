import { describe, expect, it } from 'vitest'
import { englishOf } from '../../../src/core/fault.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { clusterOf } from '../../../src/sim/links.ts'
import { Bounds } from '../../../src/sim/planner/bound.ts'
import { candidatesOf, candidateConfig, devicesOf, readForPlan } from '../../../src/sim/planner/candidates.ts'
import { searchLayouts, layoutSearch, SLACK } from '../../../src/sim/planner/plan.ts'
import { Probes } from '../../../src/sim/planner/probe.ts'
import { simulate } from '../../../src/sim/simulate.ts'

const base = (more: object = {}) =>
  parseConfig(
    {
      precision: 'mixed-bf16',
      model: { preset: 'gpt3-6.7b' },
      batch: { global: 64, microbatches: 1, sequence: 2048 },
      parallel: { data: 16 },
      cluster: { device: 'a100-80gb', intraNode: 'nvlink3', interNode: 'ib-hdr200' },
      ...more,
    },
    'simulate',
  )

/** Few enough to be replayed in a test. */
const few = base({ batch: { global: 16, microbatches: 1, sequence: 2048 }, parallel: { data: 4 } })

describe('candidates', () => {
  const config = base()
  const dropped: string[] = []
  const all = [...candidatesOf(config, 16, (reason) => dropped.push(englishOf(reason)))]
  it('use all devices and are valid configurations', () => {
    expect(all.length).toBeGreaterThan(2000)
    for (const c of all) expect(c.data * c.tensor * c.pipeline).toBe(16)
    for (const c of all.filter((_, i) => i % 37 === 0))
      expect(parseConfig(candidateConfig(config, c), 'simulate').parallel.schedule).toBe(c.schedule)
    expect(dropped).toContain('a tensor group would cross nodes')
  })
  it('are bounded from below by replays of a few blocks', () => {
    const cluster = clusterOf(few.cluster)
    const bounds = new Bounds(few, cluster, new Probes(few, cluster, undefined))
    const some = [...candidatesOf(few, 4, () => undefined)].filter((_, i) => i % 149 === 7)
    expect(some.length).toBeGreaterThan(3)
    for (const c of some) {
      const { time, ranks } = simulate(candidateConfig(few, c)).result
      const seconds = bounds.seconds(c)
      expect(seconds * (1 - SLACK.seconds)).toBeLessThanOrEqual(time.stepSeconds)
      expect(seconds).toBeGreaterThan(time.stepSeconds / 2)
      const most = Math.max(...ranks.map(({ predictedBytes }) => predictedBytes.total))
      const { bytes } = bounds.bytes(c)
      expect(bytes * (1 - SLACK.bytes)).toBeLessThanOrEqual(most)
      expect(bytes).toBeGreaterThan(most / 4)
    }
  })
  it('are looked for whatever the layout that was given', () => {
    const loose = readForPlan({ parallel: { data: 1024 }, batch: { global: 1024, microbatches: 7 } })
    expect(devicesOf(loose)).toBe(1024)
    expect(() => readForPlan({ model: { heads: 3 } })).toThrow('model.heads')
    expect(() => readForPlan({ batch: { sequence: 4096 } })).toThrow('batch.sequence')
  })
  it('plan for one node where a single rank is named', () => {
    expect(devicesOf(base({ parallel: {} }))).toBe(8)
    expect(devicesOf(config)).toBe(16)
  })
})

describe('plan', () => {
  const found = searchLayouts(few, { clocked: 6 })
  it('ranks by speed, keeps to memory and gives the best as a configuration', () => {
    const speeds = found.ranked.map((each) => each.tokensPerSecond)
    expect(speeds).toEqual(speeds.toSorted((a, b) => b - a))
    for (const each of found.ranked) expect(each.memoryBytes).toBeLessThanOrEqual(found.budgetBytes)
    expect(found.dropped.map(({ reason }) => englishOf(reason)).join()).toContain('out of memory')
    const { data, tensor, pipeline } = found.best.parallel
    expect(data * tensor * pipeline).toBe(4)
    expect(parseConfig(found.best, 'simulate')).toEqual(found.best)
  })
  it('says of every layout what simulate says of it', () => {
    for (const { candidate, ...said } of [found.ranked[0]!, found.ranked.at(-1)!]) {
      const { time, ranks, tokensPerSecond, schedule } = simulate(candidateConfig(few, candidate)).result
      expect(said).toEqual({
        stepSeconds: time.stepSeconds,
        tokensPerSecond: tokensPerSecond!.virtual,
        memoryBytes: Math.max(...ranks.map(({ predictedBytes }) => predictedBytes.total)),
        mfu: time.mfu,
        bubble: schedule!.bubble,
      })
    }
    expect(simulate(found.best).result.time.stepSeconds).toBe(found.ranked[0]!.stepSeconds)
  })
  it('has a front that only trades', () => {
    found.front.slice(1).forEach((each, i) => {
      expect(each.memoryBytes).toBeGreaterThan(found.front[i]!.memoryBytes)
      expect(each.stepSeconds).toBeLessThan(found.front[i]!.stepSeconds)
    })
    expect(found.front.at(-1)).toBe(found.ranked[0])
  })
  it('explains the winner in two sentences', () => {
    expect(found.explanation.match(/\.(?= |$)/g)).toHaveLength(2)
    expect(found.explanation).toMatch(/ at [\d,]+ tokens\/s/)
    expect(found.explanation).not.toContain(String(Math.round(found.ranked[0]!.tokensPerSecond)))
  })
  it('reports as it goes and can be left', () => {
    const steps = layoutSearch(base())
    expect(steps.next()).toMatchObject({ done: false, value: { phase: 'bounding' } })
    steps.return(undefined as never)
    expect(steps.next().done).toBe(true)
  })
  it('says what is missing when nothing fits', () => {
    expect(() =>
      searchLayouts(base({ parallel: { data: 2 }, cluster: { device: 'v100-16gb', memoryBytes: 1e9 } })),
    ).toThrow(/nothing fits 2 devices of 1.00 GB; the smallest layout needs/)
  })
})
