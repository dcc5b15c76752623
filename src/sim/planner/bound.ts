import { scheduleOf } from '../../schedule/registry.ts'
import type { StageSeconds } from '../estimate.ts'
import type { StepSetup } from '../step-setup.ts'

/**
 * Seconds the pipeline takes at least, whatever its order: a rank begins when its first micro-batch has come through the
 * stages before its own, does its work, and where a backward is one piece the stages before it follow.
 */
export function pipelineBound(s: StepSetup, costs: readonly StageSeconds[]): number {
  const { splitsBackward, stageToRank } = scheduleOf(s.schedule)
  const owners = stageToRank({ stages: s.pipeline, microbatches: s.microbatches, chunks: s.chunks })
  const work = Array.from({ length: s.pipeline }, () => 0)
  const around = Array.from({ length: s.pipeline }, () => -1)
  let before = 0
  costs.forEach(({ F, I, W, comm }, stage) => {
    const rank = owners[stage]!
    work[rank]! += s.microbatches * (F + I + W)
    if (around[rank] === -1) around[rank] = before
    before += F + comm + (splitsBackward ? 0 : I + W + comm)
  })
  return work.reduce((most, each, rank) => Math.max(most, each + around[rank]!), 0)
}

/** Largest number of micro-batches for which a schedule's memory still grows: later ones repeat the pattern. */
export function microbatchesForMemory({ schedule, pipeline, microbatches, chunks }: StepSetup): number {
  if (schedule === 'gpipe' || schedule === 'zb-v') return microbatches
  return Math.min(microbatches, 4 * pipeline * (schedule === 'interleaved-1f1b' ? chunks : 1))
}
