import { printAction } from '../schedule/actions.ts'
import type { Trace, TraceEvent } from './clock/trace.ts'
import type { StepEstimate } from './estimate.ts'
import { orderOf } from './orders.ts'
import type { StepSetup } from './step-setup.ts'

const MICRO = 1e6

/** One process per pipeline rank (its replicas and tensor ranks do the same), one event per stage-level action. */
export function estimateTrace(setup: StepSetup, estimate: StepEstimate): Trace {
  const { schedule, pipeline, microbatches, chunks, data, tensor } = setup
  const order = orderOf(schedule, { stages: pipeline, microbatches, chunks })
  const traceEvents: TraceEvent[] = []
  const span = (pid: number, ts: number, dur: number, name: string, cat: string) =>
    void traceEvents.push({ ph: 'X', pid, tid: 0, ts: ts * MICRO, dur: dur * MICRO, name, cat })
  order.forEach((row, p) => {
    const pid = p * data * tensor
    const name = data * tensor > 1 ? `ranks ${pid} to ${pid + data * tensor - 1}` : `rank ${pid}`
    traceEvents.push({ ph: 'M', pid, tid: 0, name: 'process_name', args: { name } })
    let free = 0
    row.forEach((action, i) => {
      const { F, I, W } = estimate.costs[action.stage]!
      const alone = { F, I, W, B: I + W }[action.kind]
      const from = estimate.clocked ? estimate.clocked.start[p]![i]! : free
      free = estimate.clocked ? estimate.clocked.end[p]![i]! : from + alone
      span(pid, from, free - from, printAction(action), action.kind)
    })
    const { pipelineSeconds, reduceSeconds, optimizerSeconds } = estimate
    if (reduceSeconds > 0) span(pid, pipelineSeconds, reduceSeconds, 'gradient exchange', 'allReduce')
    span(pid, pipelineSeconds + reduceSeconds, optimizerSeconds, 'OPTIMIZER_STEP', 'optimizerStep')
  })
  return { traceEvents, displayTimeUnit: 'ms' }
}
