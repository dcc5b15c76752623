import { expect, test } from 'vitest'
import type { PipelineShape, StageCosts } from '../../../src/schedule/orders/shape.ts'
import type { ScheduleId } from '../../../src/schedule/registry.ts'
import { SCHEDULE_NAMES, refusalOf, scheduleOf } from '../../../src/schedule/registry.ts'
import { summarizeSchedule } from '../../../src/schedule/summary.ts'
import { printTickGrid, tickGrid } from '../../../src/schedule/tick-grid.ts'
import { clockOrder } from '../../../src/schedule/unit-clock.ts'
import { validateOrder } from '../../lib/validate-order.ts'
import reference from '../../published/reference-schedules.json' with { type: 'json' }
import zeroBubble from '../../published/zero-bubble-tables.json' with { type: 'json' }

const shape = (stages: number, microbatches: number, chunks = 1): PipelineShape => ({ stages, microbatches, chunks })

function clock(name: ScheduleId, size: PipelineShape, costs?: StageCosts) {
  const schedule = scheduleOf(name)
  return clockOrder(schedule.order(size), { stageToRank: schedule.stageToRank(size), ...(costs ? { costs } : {}) })
}

function draw(name: ScheduleId, size: PipelineShape): string[] {
  const grid = tickGrid(scheduleOf(name).order(size), clock(name, size))
  return printTickGrid(grid).split('\n')
}

const upTo16 = Array.from({ length: 16 }, (_, i) => i + 1)
const upTo64 = Array.from({ length: 64 }, (_, i) => i + 1)
/** Unit times, and uneven ones with W ≤ F and 2W ≤ F + I. */
const COSTS: StageCosts[] = [
  { F: 1, I: 1, W: 1, comm: 0 },
  { F: 4, I: 5, W: 3, comm: 0 },
]

test('naive, tick by tick', () => {
  expect(draw('naive', shape(2, 2))).toEqual([
    'rank 0: 0F0 ·   ·   ·   0B0 0B0 0F1 ·   ·   ·   0B1 0B1',
    'rank 1: ·   1F0 1B0 1B0 ·   ·   ·   1F1 1B1 1B1 ·   ·',
  ])
})

test('gpipe, tick by tick', () => {
  expect(draw('gpipe', shape(3, 3))).toEqual([
    'rank 0: 0F0 0F1 0F2 ·   ·   ·   ·   ·   ·   0B2 0B2 0B1 0B1 0B0 0B0',
    'rank 1: ·   1F0 1F1 1F2 ·   ·   ·   1B2 1B2 1B1 1B1 1B0 1B0 ·   ·',
    'rank 2: ·   ·   2F0 2F1 2F2 2B2 2B2 2B1 2B1 2B0 2B0 ·   ·   ·   ·',
  ])
})

test('1f1b, tick by tick', () => {
  expect(draw('1f1b', shape(3, 4))).toEqual([
    'rank 0: 0F0 0F1 0F2 ·   ·   ·   ·   0B0 0B0 0F3 0B1 0B1 ·   0B2 0B2 ·   0B3 0B3',
    'rank 1: ·   1F0 1F1 ·   ·   1B0 1B0 1F2 1B1 1B1 1F3 1B2 1B2 ·   1B3 1B3 ·   ·',
    'rank 2: ·   ·   2F0 2B0 2B0 2F1 2B1 2B1 2F2 2B2 2B2 2F3 2B3 2B3 ·   ·   ·   ·',
  ])
})

test('interleaved 1f1b, tick by tick', () => {
  expect(draw('interleaved-1f1b', shape(2, 2, 2))).toEqual([
    'rank 0: 0F0 0F1 2F0 2F1 ·   ·   2B0 2B0 ·   2B1 2B1 0B0 0B0 0B1 0B1',
    'rank 1: ·   1F0 1F1 3F0 3B0 3B0 3F1 3B1 3B1 1B0 1B0 1B1 1B1 ·   ·',
  ])
})

test('zb-h1, tick by tick', () => {
  expect(draw('zb-h1', shape(3, 4))).toEqual([
    'rank 0: 0F0 0F1 0F2 ·   ·   0I0 0W0 0F3 0I1 0W1 0I2 0W2 0I3 0W3',
    'rank 1: ·   1F0 1F1 ·   1I0 1F2 1I1 1W0 1F3 1I2 1W1 1I3 1W2 1W3',
    'rank 2: ·   ·   2F0 2I0 2F1 2I1 2F2 2I2 2W0 2F3 2I3 2W1 2W2 2W3',
  ])
})

test('zb-h2, tick by tick', () => {
  expect(draw('zb-h2', shape(3, 5))).toEqual([
    'rank 0: 0F0 0F1 0F2 0F3 0F4 0I0 0W0 0I1 0W1 0I2 0W2 0I3 0W3 0I4 0W4 ·   ·',
    'rank 1: ·   1F0 1F1 1F2 1I0 1F3 1I1 1F4 1I2 1W0 1I3 1W1 1I4 1W2 1W3 1W4 ·',
    'rank 2: ·   ·   2F0 2I0 2F1 2I1 2F2 2I2 2F3 2I3 2F4 2I4 2W0 2W1 2W2 2W3 2W4',
  ])
})

test('zb-v, tick by tick', () => {
  expect(draw('zb-v', shape(2, 2, 2))).toEqual([
    'rank 0: 0F0 0F1 ·   3F0 3I0 3F1 3I1 0I0 3W0 0I1 3W1 0W0 0W1',
    'rank 1: ·   1F0 2F0 1F1 2F1 2I0 1I0 2I1 1I1 2W0 1W0 2W1 1W1',
  ])
})

test('gpipe: micro-batch i is at stage j at tick i + j', () => {
  const size = shape(4, 6)
  const grid = tickGrid(scheduleOf('gpipe').order(size), clock('gpipe', size))
  for (let i = 0; i < 6; i++)
    for (let j = 0; j < 4; j++) expect(grid[j]![i + j]).toEqual({ kind: 'F', stage: j, microbatch: i })
})

test.each(reference.rows.map((row) => [`${row.schedule} p ${row.p} m ${row.m} v ${row.v}`, row] as const))(
  'reference: %s',
  (_, row) => {
    const name = SCHEDULE_NAMES.find((each) => each === row.schedule)!
    const found = summarizeSchedule(name, shape(row.p, row.m, row.v))
    if (name === 'zb-v') {
      expect(found.makespan).toBeLessThanOrEqual(row.makespan)
      found.peakActivations.forEach((peak, rank) => expect(peak).toBeLessThanOrEqual(row.peaks[rank]!))
      return
    }
    expect(found.makespan).toBe(row.makespan)
    expect(found.bubble).toBeCloseTo(1 - (3 * row.m) / row.makespan, 12)
    expect(found.deviceBubble).toBeCloseTo(1 - (3 * row.m) / row.span, 12)
    expect(found.peakActivations).toEqual(row.peaks)
  },
)

test('closed forms: naive, gpipe and 1f1b at every p ≤ 16, m ≤ 64', () => {
  for (const p of upTo16)
    for (const m of upTo64) {
      const full = (p - 1) / (m + p - 1)
      const one = summarizeSchedule('1f1b', shape(p, m))
      expect(one.bubble).toBeCloseTo(full, 12)
      expect(one.peakActivations).toEqual(Array.from({ length: p }, (_, i) => Math.min(p - i, m)))
      const gpipe = summarizeSchedule('gpipe', shape(p, m))
      expect(gpipe.bubble).toBeCloseTo(full, 12)
      expect(gpipe.peakActivations).toEqual(new Array(p).fill(m))
      const naive = summarizeSchedule('naive', shape(p, m))
      expect(naive.bubble).toBeCloseTo((p - 1) / p, 12)
      expect(naive.peakActivations).toEqual(new Array(p).fill(1))
    }
})

test('closed form: interleaved idle is (p − 1)(F + I + W)/v where p divides m', () => {
  for (const { F, I, W, comm } of COSTS)
    for (const v of [2, 3, 4])
      for (const p of upTo16)
        for (let m = p; m <= 64; m += p) {
          const chunk = { F: F / v, I: I / v, W: W / v, comm }
          const { idle } = clock('interleaved-1f1b', shape(p, m, v), chunk)
          for (const each of idle) expect(each).toBeCloseTo(((p - 1) * (F + I + W)) / v, 9)
        }
})

test('closed form: zb-h1 idle is (p − 1)(F + I − W) for m ≥ p; every rank holds min(p, m)', () => {
  for (const costs of COSTS)
    for (const p of upTo16)
      for (const m of upTo64) {
        const { idle, peakActivations } = clock('zb-h1', shape(p, m), costs)
        expect(peakActivations).toEqual(new Array(p).fill(Math.min(p, m)))
        if (m >= p) for (const each of idle) expect(each).toBe((p - 1) * (costs.F + costs.I - costs.W))
      }
})

test('closed form: zb-h2 idles (p − 1)(F + I − 2W) within the longest device span for m ≥ 2p − 1', () => {
  for (const costs of COSTS)
    for (const p of upTo16)
      for (const m of upTo64) {
        const { deviceBubble, peakActivations } = clock('zb-h2', shape(p, m), costs)
        expect(peakActivations).toEqual(new Array(p).fill(Math.min(2 * p - 1, m)))
        const work = m * (costs.F + costs.I + costs.W)
        const idle = (p - 1) * (costs.F + costs.I - 2 * costs.W)
        if (m >= 2 * p - 1) expect(deviceBubble).toBeCloseTo(idle / (work + idle), 12)
      }
})

test('zb-v: m(F + I + W) + (p − 1)F/2 at p micro-batches and from 2p on, at most 2p chunks live', () => {
  for (const p of [1, 2, 3, 4, 5, 6, 8])
    for (const m of [p, 2 * p, 2 * p + 1, 3 * p]) {
      const { makespan, peakActivations } = summarizeSchedule('zb-v', shape(p, m, 2))
      expect(makespan, `p ${p} m ${m}`).toBe(3 * m + (p - 1) / 2)
      for (const peak of peakActivations) expect(peak).toBeLessThanOrEqual(2 * p)
    }
})

test.each(zeroBubble.rows)("Zero Bubble's Table 5 from Table 6: $model, m $m", ({ p, m, milliseconds, bubble }) => {
  for (const name of ['1f1b', 'zb-h1', 'zb-h2'] as const)
    expect(Number(clock(name, shape(p, m), milliseconds).deviceBubble.toFixed(4)), name).toBe(bubble[name])
})

test('every allowed small shape gives a complete order without deadlock', () => {
  for (const name of SCHEDULE_NAMES)
    for (const p of [1, 2, 3, 4, 5, 7])
      for (const m of [1, 2, 3, 4, 5, 6, 8, 12])
        for (const v of [1, 2, 3]) {
          const size = shape(p, m, v)
          if (refusalOf(name, size) !== null) continue
          const schedule = scheduleOf(name)
          validateOrder(schedule.order(size), schedule.stageToRank(size), m)
        }
})

test('a message holds nobody: p = 2, one micro-batch, comm 10', () => {
  const found = clock('1f1b', shape(2, 1), { F: 1, I: 1, W: 1, comm: 10 })
  expect(found.makespan).toBe(1 + 10 + 1 + 2 + 10 + 2)
  expect(found.idle).toEqual([23, 23])
})

test('refusals say what is allowed', () => {
  const said = (name: ScheduleId, size: PipelineShape) => refusalOf(name, size)?.message ?? null
  expect(said('1f1b', shape(4, 3))).toBeNull()
  expect(said('1f1b', shape(4, 4, 2))).toBe('parallel.chunks: 2, but schedule 1f1b takes exactly 1')
  expect(said('zb-v', shape(4, 4, 1))).toBe('parallel.chunks: 1, but schedule zb-v takes exactly 2')
  expect(said('interleaved-1f1b', shape(4, 4, 1))).toBe(
    'parallel.chunks: 1, but schedule interleaved-1f1b takes a whole number from 2',
  )
  expect(said('interleaved-1f1b', shape(4, 6, 2))).toBe(
    'batch.microbatches: 6, but schedule interleaved-1f1b takes a multiple of parallel.pipeline (4): 4 or 8',
  )
  expect(said('gpipe', shape(2, 0))).toMatch(/^batch\.microbatches: /)
})
