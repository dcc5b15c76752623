import type { ScheduleName } from '../config/types.ts'
import type { Order, PipelineShape } from '../schedule/orders/shape.ts'
import { scheduleOf } from '../schedule/registry.ts'
import { summarizeOrder, type ScheduleSummary } from '../schedule/summary.ts'

/** Entries kept: a search goes through many layouts of one shape before it comes to the next. */
const MOST_KEPT = 128

/** Remembers what a schedule and a shape lead to; some orders are searched, and layouts that share a shape come in rows. */
function remembering<Value>(make: (name: ScheduleName, shape: PipelineShape) => Value) {
  const kept = new Map<string, Value>()
  return (name: ScheduleName, shape: PipelineShape): Value => {
    const key = `${name} ${shape.stages} ${shape.microbatches} ${shape.chunks}`
    const found = kept.get(key)
    if (found !== undefined) return found
    const value = make(name, shape)
    if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!)
    kept.set(key, value)
    return value
  }
}

export const orderOf: (name: ScheduleName, shape: PipelineShape) => Order = remembering((name, shape) =>
  scheduleOf(name).order(shape),
)

export const summaryOf: (name: ScheduleName, shape: PipelineShape) => ScheduleSummary = remembering((name, shape) =>
  summarizeOrder(orderOf(name, shape), scheduleOf(name).stageToRank(shape), shape.chunks),
)
