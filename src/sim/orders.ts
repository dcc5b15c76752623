import type { ScheduleName } from '../config/types.ts'
import type { PipelineShape } from '../schedule/orders/shape.ts'
import { scheduleOf } from '../schedule/registry.ts'
import { summarizeOrder, type ScheduleSummary } from '../schedule/summary.ts'
import { memoized } from './memoized.ts'

/** Some orders are found by search, and a layout search requests many of one shape in a row. */
const summarized = memoized(
  128,
  ([name, { stages, microbatches, chunks }]: readonly [ScheduleName, PipelineShape]) =>
    `${name} ${stages} ${microbatches} ${chunks}`,
  ([name, shape]): ScheduleSummary => {
    const { order, stageToRank } = scheduleOf(name)
    return summarizeOrder(order(shape), stageToRank(shape), shape.chunks)
  },
)

/** The `schedule` block. */
export function summaryOf(name: ScheduleName, shape: PipelineShape): ScheduleSummary {
  return summarized([name, shape])
}
