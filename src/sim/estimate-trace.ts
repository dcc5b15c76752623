import { printAction, type Action } from '../schedule/actions.ts'
import { TraceWriter } from '../schedule/trace.ts'
import type { SpanArgs, Trace } from '../schedule/trace.ts'
import type { StepEstimate } from './estimate.ts'
import { orderOf } from './orders.ts'
import type { StepSetup } from './step-setup.ts'

/** A stage-level action with its time, seconds from the start of the step. */
export interface ActionSpan {
  readonly action: Action
  readonly start: number
  readonly end: number
}

/** What every pipeline rank does when, in its order; without a pipeline one action follows the other. */
export function spansOf(setup: StepSetup, estimate: StepEstimate): ActionSpan[][] {
  const { schedule, pipeline, microbatches, chunks } = setup
  return orderOf(schedule, { stages: pipeline, microbatches, chunks }).map((row, p) => {
    let free = 0
    return row.map((action, i) => {
      const { F, I, W } = estimate.costs[action.stage]!
      const start = estimate.clocked ? estimate.clocked.start[p]![i]! : free
      free = estimate.clocked ? estimate.clocked.end[p]![i]! : start + { F, I, W, B: I + W }[action.kind]
      return { action, start, end: free }
    })
  })
}

/** One rank per pipeline rank (its replicas and tensor ranks do the same), one event per stage-level action. */
export function estimateTrace(setup: StepSetup, estimate: StepEstimate): Trace {
  const { data, tensor } = setup
  const writer = new TraceWriter()
  spansOf(setup, estimate).forEach((spans, p) => {
    const rank = p * data * tensor
    writer.nameRank(rank, data * tensor > 1 ? `ranks ${rank} to ${rank + data * tensor - 1}` : `rank ${rank}`)
    const span = (start: number, seconds: number, name: string, category: string, args: SpanArgs = {}) =>
      writer.span({ rank, stream: 'compute', start, end: start + seconds, name, category, args })
    for (const { action, start, end } of spans) {
      const { microbatch, stage } = action
      span(start, end - start, printAction(action), action.kind, { microbatch, stage })
    }
    const { pipelineSeconds, reduceSeconds, optimizerSeconds } = estimate
    if (reduceSeconds > 0) span(pipelineSeconds, reduceSeconds, 'gradient exchange', 'allReduce')
    span(pipelineSeconds + reduceSeconds, optimizerSeconds, 'OPTIMIZER_STEP', 'optimizerStep')
  })
  return writer.trace()
}
