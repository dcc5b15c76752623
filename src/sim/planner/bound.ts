import { strideOf } from '../../core/mesh.ts'
import { scheduleOf } from '../../schedule/registry.ts'
import type { RunConfig } from '../../config/types.ts'
import { elementBytesOf } from '../../strategy/recipes.ts'
import { blocksPerStage } from '../../strategy/stages.ts'
import { sendSeconds } from '../collective-cost.ts'
import type { ClusterHardware } from '../links.ts'
import { summaryOf } from '../orders.ts'
import { softwareOf } from '../cost/software.ts'
import { candidateConfig, type Candidate } from './candidates.ts'
import type { BlockLine, Probes } from './probe.ts'

/** Lower bound on the fullest rank's bytes, and the largest category. */
export interface ByteBound {
  readonly bytes: number
  readonly worst: 'parameters' | 'gradients' | 'optimizer' | 'activations'
}

/** By rank, most chunk activations that live at once; later micro-batches repeat the first two rounds. */
function activationsOf({ schedule, pipeline, microbatches, chunks }: Candidate): readonly number[] {
  if (schedule === 'gpipe') return Array.from({ length: pipeline }, () => microbatches)
  return summaryOf(schedule, { stages: pipeline, microbatches: Math.min(microbatches, 2 * pipeline), chunks })
    .peakActivations
}

/** Seconds of a micro-batch's message to the next stage. */
function messageSeconds(config: RunConfig, candidate: Candidate, cluster: ClusterHardware) {
  const { tensor, sequenceParallel, microBatch } = candidate
  const { devicesPerNode } = cluster
  const stageStride = strideOf(candidate, 'pipeline')
  const crosses = stageStride >= devicesPerNode
  const isCut = sequenceParallel || (crosses && softwareOf(config).scatterGather)
  const bytes = microBatch * config.batch.sequence * config.model.embed * elementBytesOf(config).working
  return sendSeconds(isCut ? bytes / tensor : bytes, crosses, cluster, Math.min(devicesPerNode, stageStride))
}

export class Bounds {
  /** Per virtual stage, by pipeline ranks and chunks. */
  private readonly blocks = new Map<string, readonly number[]>()

  constructor(
    private readonly config: RunConfig,
    private readonly cluster: ClusterHardware,
    private readonly probes: Probes,
  ) {}

  private blocksOf(candidate: Candidate): readonly number[] {
    const key = `${candidate.pipeline} ${candidate.chunks}`
    let blocks = this.blocks.get(key)
    if (blocks === undefined) this.blocks.set(key, (blocks = blocksPerStage(candidateConfig(this.config, candidate))))
    return blocks
  }

  private ownersOf({ schedule, pipeline, microbatches, chunks }: Candidate): readonly number[] {
    return scheduleOf(schedule).stageToRank({ stages: pipeline, microbatches, chunks })
  }

  bytes(candidate: Candidate): ByteBound {
    const { probes } = this
    const { pipeline, chunks, data, zero, microbatches } = candidate
    const { state, peak, further } = probes.byteLines(candidate)
    const blocks = this.blocksOf(candidate)
    const owners = this.ownersOf(candidate)
    const held = Array.from({ length: pipeline }, () => 0)
    blocks.forEach((count, stage) => void (held[owners[stage]!]! += count))
    const peakActivations = activationsOf(candidate)
    // A tied table is on both ends; otherwise each end holds its own.
    const share = pipeline === 1 || this.config.model.tied ? 1 : 0.5
    const [first, last] = [owners[0]!, owners.at(-1)!]
    // What the head needs besides its weights.
    const logits = Math.max(0, peak.ends - state.parameters.ends - state.gradients.ends - state.optimizer.ends)
    let fullest: ByteBound = { bytes: -1, worst: 'parameters' }
    held.forEach((count, rank) => {
      const kept = (line: BlockLine) => count * line.block + (rank === first || rank === last ? share * line.ends : 0)
      const inFlight = peakActivations[rank]! / chunks
      const ofEach = Math.max(0, further.block) * count
      const parts = {
        parameters: kept(state.parameters) / (zero === 3 ? data : 1),
        gradients: kept(state.gradients) / (zero >= 2 ? data : 1),
        optimizer: kept(state.optimizer) / (zero >= 1 ? data : 1),
        activations: ofEach * inFlight + (rank === last ? logits : 0),
      }
      // Gradients appear during the first backward: by then one micro-batch less is in flight, unless another follows.
      const remaining = microbatches > inFlight ? parts.activations : ofEach * Math.max(0, inFlight - 1)
      const bytes = parts.parameters + parts.optimizer + Math.max(parts.activations, parts.gradients + remaining)
      const names = ['parameters', 'gradients', 'optimizer', 'activations'] as const
      if (bytes > fullest.bytes) fullest = { bytes, worst: names.reduce((a, b) => (parts[b] > parts[a] ? b : a)) }
    })
    return fullest
  }

  /**
   * Lower bound on the step's seconds, in any order: a rank begins when its first micro-batch has passed the earlier
   * stages, does its work, and where the backward is one piece the earlier stages follow. Replica exchanges overlap
   * with a micro-batch's work where allowed.
   */
  seconds(candidate: Candidate): number {
    const { probes, config } = this
    const { pipeline, schedule, microbatches, data } = candidate
    const { splitsBackward } = scheduleOf(schedule)
    const { forward, backward } = probes.passLines(candidate)
    const replicas = probes.replicaLines(candidate)
    const overlaps = config.parallel.overlap
    const software = softwareOf(config)
    const hides = overlaps && software.overlapsReduction
    const blocks = this.blocksOf(candidate)
    const owners = this.ownersOf(candidate)
    const message = pipeline > 1 ? messageSeconds(config, candidate, this.cluster) : 0
    const comm = software.blockingSends ? 0 : message
    const blocking = message - comm
    const ranks = Array.from({ length: pipeline }, () => ({ work: 0, around: -1, last: 0, blocks: 0 }))
    const lastStage = blocks.length - 1
    let before = 0
    blocks.forEach((count, stage) => {
      const rank = ranks[owners[stage]!]!
      // The head is much heavier than the embedding.
      const ends = stage === lastStage ? 1 : 0
      const F = count * forward.block + ends * forward.ends + (stage < lastStage ? blocking : 0)
      const B = count * backward.block + ends * backward.ends + (stage > 0 ? blocking : 0)
      rank.work += F + B
      rank.last = Math.max(rank.last, B)
      rank.blocks += count
      if (rank.around === -1) rank.around = before
      before += F + comm + (splitsBackward ? 0 : B + comm)
    })
    return ranks.reduce((most, { work, around, last, blocks: own }) => {
      const exchanged = data > 1 ? own * replicas.perMicrobatch.block : 0
      const each = overlaps ? Math.max(work, exchanged) : work + exchanged
      const reduced = data > 1 ? own * replicas.atEnd.block : 0
      const tail = Math.max(0, hides ? reduced - last : reduced) + own * replicas.optimizer.block
      return Math.max(most, microbatches * each + around + tail)
    }, 0)
  }
}
