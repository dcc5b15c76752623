import type { AdapterResult, EpochResult, RunResult, StepResult } from '../config/result.ts'
import type { RunConfig } from '../config/types.ts'
import type { Program } from '../schedule/program.ts'
import { summarizeSchedule } from '../schedule/summary.ts'
import type { PredictedBytes } from '../sim/ledger.ts'
import { forwardTicks } from '../strategy/forward-program.ts'
import type { RankReply } from './protocol.ts'
import type { InferenceReport } from './run-events.ts'

interface Measured {
  readonly adapter: AdapterResult | null
  readonly steps: readonly StepResult[]
  readonly epochs: readonly EpochResult[]
  /** Each rank's last step report. */
  readonly last: ReadonlyMap<number, Extract<RankReply, { kind: 'step' }>>
}

/** The result of a run so far, with measured values only: a rank that finished no step has no entry. */
export function measuredResult(
  config: RunConfig,
  program: Program,
  predicted: readonly PredictedBytes[],
  { adapter, steps, epochs, last }: Measured,
): RunResult {
  // The first step compiles and warms up; it is excluded where there are others.
  const timed = (steps.length > 1 ? steps.slice(1) : steps).filter((each) => !each.interrupted)
  const seconds = timed.reduce((sum, each) => sum + each.milliseconds, 0) / 1000
  const tokens = timed.reduce((sum, each) => sum + each.tokens, 0)
  const { schedule, pipeline, chunks } = config.parallel
  return {
    config,
    ...(adapter ? { adapter } : {}),
    steps,
    ...(epochs.length > 0 ? { epochs } : {}),
    ...(seconds > 0 ? { tokensPerSecond: { measured: tokens / seconds } } : {}),
    ranks: program.ranks.flatMap(({ rank, coordinates }) => {
      const measured = last.get(rank)
      if (!measured) return []
      const { sentBytes, receivedBytes, traffic, memory } = measured
      const predictedBytes = predicted[rank]!.peak
      return [{ rank, coordinates, peakBytes: memory.peak, predictedBytes, sentBytes, receivedBytes, traffic }]
    }),
    schedule: summarizeSchedule(schedule, { stages: pipeline, microbatches: config.batch.microbatches, chunks }),
  }
}

/** Result and cost of a forward-only pass over a held-out batch, from every rank's part of it. */
export function inferenceReport(
  config: RunConfig,
  predicted: readonly PredictedBytes[],
  replies: readonly Extract<RankReply, { kind: 'evaluated' }>[],
): InferenceReport {
  const seconds = Math.max(...replies.map((each) => each.seconds))
  const tokens = config.batch.global * config.batch.sequence
  return {
    loss: replies.reduce((sum, each) => sum + each.loss, 0),
    tokens,
    seconds,
    tokensPerSecond: tokens / seconds,
    ticks: forwardTicks(config),
    ranks: replies.map((each, rank) => ({
      rank,
      peakBytes: each.peak,
      predictedBytes: predicted[rank]!.peak,
      sentBytes: each.sentBytes,
      idle: Math.max(0, 1 - each.busySeconds / seconds),
    })),
  }
}
