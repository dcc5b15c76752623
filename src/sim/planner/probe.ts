import type { RunConfig } from '../../config/types.ts'
import type { PeakBytes } from '../../core/bytes.ts'
import { OP_KINDS, isCollective, isCompute } from '../../schedule/op-kinds.ts'
import type { CollectiveOp, Op } from '../../schedule/program.ts'
import { measuredCosts } from '../cost/measured-costs.ts'
import type { MeasuredDevice } from '../cost/measured-device.ts'
import { programCosts } from '../cost/program-costs.ts'
import type { ClusterHardware } from '../links.ts'
import { softwareOf } from '../cost/software.ts'
import { replay } from '../replay/replay.ts'
import { sequenceOf } from '../replay/code.ts'
import type { Walk } from '../replay/walk.ts'
import { candidateConfig, type Candidate } from './candidates.ts'

/*
 * What a block adds to a rank's time and bytes, from replays of models of one and of two blocks on a single stage.
 * Blocks are alike, so it is linear; candidates that share a block share its probe.
 */

/** A rank's quantity as a linear function of its blocks. */
export interface BlockLine {
  /** Without blocks: the embedding and the head. */
  readonly ends: number
  readonly block: number
}

/** Of one micro-batch. */
export interface PassLines {
  readonly forward: BlockLine
  readonly backward: BlockLine
}

/** Memory a rank keeps for the whole step. */
export type StateLines = Readonly<Record<StateCategory, BlockLine>>

export interface ByteLines {
  /** Before sharding over replicas. */
  readonly state: StateLines
  /** The peak with one micro-batch in flight, and the increment of each further one. */
  readonly peak: BlockLine
  readonly further: BlockLine
}

/** Replica exchanges per micro-batch and at the end of the step, and the time of the optimizer. */
export interface ReplicaLines {
  readonly perMicrobatch: BlockLine
  readonly atEnd: BlockLine
  readonly optimizer: BlockLine
}

function lineOf(one: number, two: number): BlockLine {
  return { ends: 2 * one - two, block: two - one }
}

type StateCategory = 'parameters' | 'gradients' | 'optimizer'

function stateLines(one: PeakBytes, two: PeakBytes): StateLines {
  return {
    parameters: lineOf(one.parameters, two.parameters),
    gradients: lineOf(one.gradients, two.gradients),
    optimizer: lineOf(one.optimizer, two.optimizer),
  }
}

/** Linear extrapolation beyond the second of two lines. */
function extrapolated(first: BlockLine, second: BlockLine, times: number): BlockLine {
  return {
    ends: second.ends + times * (second.ends - first.ends),
    block: second.block + times * (second.block - first.block),
  }
}

/** Micro-batch sizes up to this are all replayed. */
const MAX_SAMPLES = 4

interface Shape {
  readonly layers: number
  readonly microbatches: number
}

const isOverReplicas = (op: Op, data: number): op is CollectiveOp =>
  isCollective(op) && data > 1 && op.group.length === data && !/^(tensor|norm):/.test(op.stream)

export class Probes {
  private readonly cache = new Map<string, unknown>()

  constructor(
    private readonly config: RunConfig,
    private readonly cluster: ClusterHardware,
    private readonly measured: MeasuredDevice | undefined,
  ) {}

  private memoize<Value>(key: string, make: () => Value): Value {
    if (!this.cache.has(key)) this.cache.set(key, make())
    return this.cache.get(key) as Value
  }

  /** A rank of a model with this many blocks on one stage, all forwards before all backwards. */
  private walk(candidate: Candidate, { layers, microbatches }: Shape): Walk {
    const { data, microBatch } = candidate
    const real = candidateConfig(this.config, candidate)
    const roofline = programCosts(real, this.cluster)
    const costs = this.measured ? measuredCosts(this.measured.seconds, roofline) : roofline
    const small: RunConfig = {
      ...real,
      model: { ...real.model, layers },
      batch: { ...real.batch, global: data * microbatches * microBatch, microbatches },
      parallel: {
        ...real.parallel,
        pipeline: 1,
        chunks: 1,
        schedule: 'gpipe',
        partition: 'even',
        fsdp: { ...real.parallel.fsdp, reshardAfterForward: true },
      },
    }
    return replay(small, costs, undefined, { mergeEqualRanks: true }).walks[0]!
  }

  /** A single rank's times, of its second micro-batch: nothing is launched for the first time there. */
  private replaySingleStage(candidate: Candidate, microBatch: number, { layers, microbatches }: Shape) {
    const { tensor, sequenceParallel, recompute, pipeline } = candidate
    const stalls = pipeline > 1 && softwareOf(this.config).pipelinedStallSeconds > 0
    const key = `${tensor} ${sequenceParallel} ${microBatch} ${recompute} ${stalls} ${layers} ${microbatches}`
    return this.memoize(key, () => {
      const single = { ...candidate, data: 1, zero: 0, microBatch } as const
      const walk = this.walk(single, { layers, microbatches })
      const ends: number[] = []
      let index = 0
      for (const { stretch } of sequenceOf(walk.code)) {
        let end = 0
        for (const op of stretch.ops) {
          if (isCompute(op)) end = Math.max(end, walk.endOf(index))
          index++
        }
        ends.push(end)
      }
      // Head, forwards, backwards, tail.
      const forward = ends[microbatches]! - ends[microbatches - 1]!
      const backward = ends[2 * microbatches]! - ends[2 * microbatches - 1]!
      return { forward, backward, peak: walk.peak }
    })
  }

  private passesAt(candidate: Candidate, microBatch: number): PassLines {
    const [one, two] = [1, 2].map((layers) =>
      this.replaySingleStage(candidate, microBatch, { layers, microbatches: 2 }),
    )
    return { forward: lineOf(one!.forward, two!.forward), backward: lineOf(one!.backward, two!.backward) }
  }

  /**
   * Seconds of a micro-batch's forward and backward, including tensor-parallel exchanges. Extrapolated linearly for
   * large micro-batches.
   */
  passLines(candidate: Candidate): PassLines {
    const { microBatch } = candidate
    if (microBatch <= MAX_SAMPLES) return this.passesAt(candidate, microBatch)
    const [half, full] = [this.passesAt(candidate, MAX_SAMPLES / 2), this.passesAt(candidate, MAX_SAMPLES)]
    const times = (microBatch - MAX_SAMPLES) / (MAX_SAMPLES / 2)
    return {
      forward: extrapolated(half.forward, full.forward, times),
      backward: extrapolated(half.backward, full.backward, times),
    }
  }

  private bytesAt(candidate: Candidate, microBatch: number): ByteLines {
    const peaks = (microbatches: number) =>
      [1, 2].map((layers) => this.replaySingleStage(candidate, microBatch, { layers, microbatches }).peak)
    const [one, two] = [peaks(1), peaks(2)]
    return {
      state: stateLines(one[0]!, one[1]!),
      peak: lineOf(one[0]!.total, one[1]!.total),
      further: lineOf(two[0]!.total - one[0]!.total, two[1]!.total - one[1]!.total),
    }
  }

  /** Bytes of a rank; activations are linear in the samples of a micro-batch, extrapolated from one and two. */
  byteLines(candidate: Candidate): ByteLines {
    const [one, two] = [this.bytesAt(candidate, 1), this.bytesAt(candidate, 2)]
    const more = candidate.microBatch - 2
    return {
      state: one.state,
      peak: extrapolated(one.peak, two.peak, more),
      further: extrapolated(one.further, two.further, more),
    }
  }

  private replicas(candidate: Candidate, layers: number) {
    const { data } = candidate
    const walk = this.walk(candidate, { layers, microbatches: 2 })
    const stretches = [...sequenceOf(walk.code)]
    const perMicrobatch = new Map<string, number>()
    const atEnd = new Map<string, number>()
    const { reshardAfterForward } = this.config.parallel.fsdp
    let [index, optimizer] = [0, 0]
    stretches.forEach(({ stretch }, position) => {
      const isTail = position === stretches.length - 1
      for (const each of stretch.ops) {
        const seconds = walk.endOf(index) - walk.startOf(index)
        index++
        if (OP_KINDS[each.kind].drawing === 'optimizer') optimizer += seconds
        if (!isOverReplicas(each, data)) continue
        const into = isTail ? atEnd : perMicrobatch
        // Parameters that stay gathered are gathered once a step.
        if (!isTail && !reshardAfterForward && each.kind === 'allGather') continue
        into.set(each.stream, (into.get(each.stream) ?? 0) + seconds)
      }
    })
    return {
      // In ZeRO 0 and 1 the last backward reduces for the whole step.
      inLast: Math.max(0, ...perMicrobatch.values()),
      atEnd: Math.max(0, ...atEnd.values()),
      optimizer,
    }
  }

  replicaLines(candidate: Candidate): ReplicaLines {
    const { data, tensor, zero } = candidate
    return this.memoize(`replicas ${data} ${tensor} ${zero}`, () => {
      const plain = {
        ...candidate,
        sequenceParallel: false,
        recompute: 'none',
        microBatch: 1,
      } as const
      const [one, two] = [1, 2].map((layers) => this.replicas(plain, layers))
      const during = lineOf(one!.inLast, two!.inLast)
      const end = lineOf(one!.atEnd, two!.atEnd)
      const none = { ends: 0, block: 0 }
      return {
        perMicrobatch: zero >= 2 ? { ends: during.ends / 2, block: during.block / 2 } : none,
        atEnd: zero >= 2 ? end : { ends: end.ends + during.ends, block: end.block + during.block },
        optimizer: lineOf(one!.optimizer, two!.optimizer),
      }
    })
  }
}
