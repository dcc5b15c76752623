import type { Order, PipelineShape } from './orders/shape.ts'
import type { ScheduleId } from './registry.ts'
import { scheduleOf } from './registry.ts'
import { clockOrder } from './unit-clock.ts'

/** The `schedule` block of a result: unit costs F = I = W = 1 per device and micro-batch, messages are free. */
export interface ScheduleSummary {
  readonly bubble: number
  readonly deviceBubble: number
  readonly makespan: number
  readonly peakActivations: readonly number[]
}

/** @param shape valid for the schedule (`refusalOf` is null) */
export function summarizeSchedule(name: ScheduleId, shape: PipelineShape): ScheduleSummary {
  const schedule = scheduleOf(name)
  return summarizeOrder(schedule.order(shape), schedule.stageToRank(shape), shape.chunks)
}

/** A chunk costs 1/v. It is clocked in whole chunks and divided once, so that rounding errors do not add up. */
export function summarizeOrder(order: Order, stageToRank: readonly number[], chunks: number): ScheduleSummary {
  const { bubble, deviceBubble, makespan, peakActivations } = clockOrder(order, { stageToRank })
  return { bubble, deviceBubble, makespan: makespan / chunks, peakActivations }
}
