import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { estimateStep, stageCosts, stepTail } from '../../../src/sim/estimate.ts'
import { memoryOf, peakMemory } from '../../../src/sim/memory-model.ts'
import { microbatchesForMemory, pipelineBound } from '../../../src/sim/planner/bound.ts'
import { candidatesOf, configOf, devicesOf, readForPlan } from '../../../src/sim/planner/candidates.ts'
import { plan, planSteps } from '../../../src/sim/planner/plan.ts'
import { setupOf } from '../../../src/sim/setup-of.ts'

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

describe('candidates', () => {
  const config = base()
  const dropped: string[] = []
  const all = [...candidatesOf(config, 16, (reason) => dropped.push(reason))]
  it('use all devices and are valid configurations', () => {
    expect(all.length).toBeGreaterThan(2000)
    for (const c of all) expect(c.data * c.tensor * c.pipeline).toBe(16)
    for (const c of all.filter((_, i) => i % 37 === 0))
      expect(parseConfig(configOf(config, c), 'simulate').parallel.schedule).toBe(c.schedule)
    expect(dropped).toContain('a tensor group would cross nodes')
  })
  it('are bounded from below, and their memory needs few micro-batches', () => {
    for (const c of all.filter((_, i) => i % 53 === 0)) {
      const setup = setupOf(configOf(config, c))
      const bound = pipelineBound(setup, stageCosts(setup)) + stepTail(setup).total
      expect(bound).toBeLessThanOrEqual(estimateStep(setup).stepSeconds * (1 + 1e-9))
      const few = memoryOf({ ...setup, microbatches: microbatchesForMemory(setup) })
      expect(Math.max(...few.map((each) => each.total))).toBeCloseTo(peakMemory(setup), 0)
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
  const found = plan(base(), { clocked: 120 })
  it('ranks by speed, keeps to memory and gives the best as a configuration', () => {
    const speeds = found.ranked.map((each) => each.tokensPerSecond)
    expect(speeds).toEqual(speeds.toSorted((a, b) => b - a))
    for (const each of found.ranked) expect(each.memoryBytes).toBeLessThanOrEqual(found.budgetBytes)
    expect(found.dropped.map(({ reason }) => reason).join()).toContain('out of memory')
    const { data, tensor, pipeline } = found.best.parallel
    expect(data * tensor * pipeline).toBe(16)
    expect(parseConfig(found.best, 'simulate')).toEqual(found.best)
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
    const steps = planSteps(base())
    expect(steps.next()).toMatchObject({ done: false, value: { phase: 'bounding' } })
    steps.return(undefined as never)
    expect(steps.next().done).toBe(true)
  })
  it('says what is missing when nothing fits', () => {
    expect(() => plan(base({ cluster: { device: 'v100-16gb', memoryBytes: 1e9 } }))).toThrow(
      /nothing fits 16 devices of 1.00 GB; the smallest layout needs/,
    )
  })
})
