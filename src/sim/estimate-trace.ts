import { printAction } from '../schedule/actions.ts'
import { TraceWriter } from '../schedule/trace.ts'
import type { SpanArgs, Trace } from '../schedule/trace.ts'
import type { StepEstimate } from './estimate.ts'
import { orderOf } from './orders.ts'
import type { StepSetup } from './step-setup.ts'

/** One rank per pipeline rank (its replicas and tensor ranks do the same), one event per stage-level action. */
export function estimateTrace(setup: StepSetup, estimate: StepEstimate): Trace {
  const { schedule, pipeline, microbatches, chunks, data, tensor } = setup
  const order = orderOf(schedule, { stages: pipeline, microbatches, chunks })
  const writer = new TraceWriter()
  order.forEach((row, p) => {
    const rank = p * data * tensor
    writer.nameRank(rank, data * tensor > 1 ? `ranks ${rank} to ${rank + data * tensor - 1}` : `rank ${rank}`)
    const span = (start: number, seconds: number, name: string, category: string, args: SpanArgs = {}) =>
      writer.span({ rank, stream: 'compute', start, end: start + seconds, name, category, args })
    let free = 0
    row.forEach((action, i) => {
      const { F, I, W } = estimate.costs[action.stage]!
      const alone = { F, I, W, B: I + W }[action.kind]
      const from = estimate.clocked ? estimate.clocked.start[p]![i]! : free
      free = estimate.clocked ? estimate.clocked.end[p]![i]! : from + alone
      const { microbatch, stage } = action
      span(from, free - from, printAction(action), action.kind, { microbatch, stage })
    })
    const { pipelineSeconds, reduceSeconds, optimizerSeconds } = estimate
    if (reduceSeconds > 0) span(pipelineSeconds, reduceSeconds, 'gradient exchange', 'allReduce')
    span(pipelineSeconds + reduceSeconds, optimizerSeconds, 'OPTIMIZER_STEP', 'optimizerStep')
  })
  return writer.trace()
}
