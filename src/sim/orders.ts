import type { ScheduleName } from '../config/types.ts'
import type { Order, PipelineShape } from '../schedule/orders/shape.ts'
import { scheduleOf } from '../schedule/registry.ts'
import { summarizeOrder, type ScheduleSummary } from '../schedule/summary.ts'
import { remember } from './remember.ts'

interface Scheduled {
  readonly order: Order
  summary: ScheduleSummary | null
}

/** Some orders are searched, and a search for a layout goes through many of one shape before it comes to the next. */
const scheduled = remember(
  128,
  ([name, { stages, microbatches, chunks }]: readonly [ScheduleName, PipelineShape]) =>
    `${name} ${stages} ${microbatches} ${chunks}`,
  ([name, shape]): Scheduled => ({ order: scheduleOf(name).order(shape), summary: null }),
)

export function orderOf(name: ScheduleName, shape: PipelineShape): Order {
  return scheduled([name, shape]).order
}

/** The `schedule` block. */
export function summaryOf(name: ScheduleName, shape: PipelineShape): ScheduleSummary {
  const entry = scheduled([name, shape])
  entry.summary ??= summarizeOrder(entry.order, scheduleOf(name).stageToRank(shape), shape.chunks)
  return entry.summary
}
