import type { StageCosts } from '../schedule/orders/shape.ts'
import { scheduleOf } from '../schedule/registry.ts'
import { clockOrder, type ClockedOrder } from '../schedule/unit-clock.ts'
import { collectiveSeconds, meshSpan, sendSeconds, type CollectiveName } from './collective-cost.ts'
import { gradientWire } from './compressed-gradients.ts'
import { CALIBRATIONS, calibrationOf } from './cost/calibration.ts'
import { kernelSeconds, type KernelWork } from './cost/kernel-seconds.ts'
import { blockWork, headWork, segmentWork, type PassWork, type WorkDims } from './cost/segment-work.ts'
import { HOST_MEMORY_BANDWIDTH } from './hardware.ts'
import { orderOf } from './orders.ts'
import { blocksPerStage, parametersPerRank, type RankSize } from './stage-sizes.ts'
import type { StepSetup } from './step-setup.ts'

/** One replica's pipeline; its tensor ranks do the same at the same time. */
export interface ReplicaEstimate {
  /** First forward to last backward. */
  readonly pipelineSeconds: number
  /** By pipeline rank: kernels (the host's time to launch them, if longer) and exchanges inside forward and backward. */
  readonly ranks: readonly { readonly computeSeconds: number; readonly exchangeSeconds: number }[]
  /** Null where one virtual stage does everything. */
  readonly clocked: ClockedOrder | null
  readonly costs: readonly StageSeconds[]
}

/** The slowest replica's pipeline, which the others wait for, and what follows it. */
export interface StepEstimate extends ReplicaEstimate {
  readonly stepSeconds: number
  /** Gradient exchange after the last backward; what hides behind it does not count. */
  readonly reduceSeconds: number
  readonly optimizerSeconds: number
  /** Replicas that are not slowed alike are clocked apart: which of `replicas` stands for each. */
  readonly replicas: readonly ReplicaEstimate[]
  readonly replicaOf: readonly number[]
}

/** Times of a virtual stage, with the part of F + I + W that is kernels. */
export interface StageSeconds extends StageCosts {
  readonly compute: number
}

/** Gradients of the last bucket, as a share of all. */
const LAST_BUCKET_SHARE = 0.1

/** Seconds of a list of kernels on the device, and on the host that launches them. */
interface Seconds {
  readonly device: number
  readonly host: number
}

interface PassSeconds {
  readonly F: Seconds
  readonly I: Seconds
  readonly W: Seconds
}

function secondsOf(list: readonly KernelWork[], { cluster, precision, software }: StepSetup): Seconds {
  const calibration = calibrationOf(cluster.device, software.kernelGapSeconds)
  let device = 0
  let host = 0
  for (const work of list) {
    const { times = 1 } = work
    device += times * kernelSeconds(work, cluster.device, precision, calibration)
    host += times * work.launches * software.hostLaunchSeconds
  }
  return { device: device * software.timeFactor, host }
}

function passSeconds({ forward, input, weight }: PassWork, s: StepSetup): PassSeconds {
  return { F: secondsOf(forward, s), I: secondsOf(input, s), W: secondsOf(weight, s) }
}

/** What a block exchanges over its tensor group: one all-reduce, or under sequence parallelism its two halves. */
function exchanges(s: StepSetup, message: number): { one: number; backward: number; again: number } {
  const span = meshSpan(s.tensor, 1, s.cluster.devicesPerNode)
  const seconds = (kind: CollectiveName) => collectiveSeconds(kind, message, span, s.cluster, s.collective)
  const gather = seconds('allGather')
  const one = s.sequenceParallel ? seconds('reduceScatter') + gather : seconds('allReduce')
  // With sequence parallelism the weight gradients need their gathered input once more (arXiv:2205.05198, section 4.2.2).
  const backward = 2 * (one + (s.sequenceParallel ? gather : 0))
  return { one, backward, again: s.recompute === 'full' ? 2 * one : 0 }
}

/** A message from a stage to the next. */
function stageSendSeconds(s: StepSetup, message: number): number {
  const { cluster, tensor: t, data: d, software, sequenceParallel } = s
  if (s.pipeline === 1) return 0
  // Every rank of a node may send to the next stage at once.
  const crosses = t * d >= cluster.devicesPerNode
  const sharing = crosses ? cluster.devicesPerNode : 1
  if (!crosses || t === 1 || !(software.scatterGather || sequenceParallel))
    return sendSeconds(message, crosses, cluster, sharing)
  const span = meshSpan(t, 1, cluster.devicesPerNode)
  const gather = sequenceParallel ? 0 : collectiveSeconds('allGather', message, span, cluster)
  return sendSeconds(message / t, true, cluster, sharing) + gather
}

/** Bytes of a gradient element between replicas. */
function gradientBytesOf({ precision, software }: StepSetup): number {
  return precision === 'f32' ? 4 : software.gradientBytes
}

interface ShardingSeconds {
  readonly forward: number
  readonly backward: number
}

/** Fully sharded: what a block's forward and backward exchange, and those of the embedding's table. */
function shardingSeconds(s: StepSetup): { readonly block: ShardingSeconds; readonly table: ShardingSeconds } {
  const none = { forward: 0, backward: 0 }
  if (s.zero < 3 || s.data === 1) return { block: none, table: none }
  const { block, table } = parametersPerRank(s)
  const e = s.precision === 'f32' ? 4 : 2
  const span = meshSpan(s.data, s.tensor, s.cluster.devicesPerNode)
  const of = (parameters: number): ShardingSeconds => {
    const forward = collectiveSeconds('allGather', parameters * e, span, s.cluster)
    const reduce = collectiveSeconds('reduceScatter', parameters * gradientBytesOf(s), span, s.cluster)
    return { forward, backward: (s.reshard === false ? 0 : forward) + reduce }
  }
  return { block: of(block), table: of(table) }
}

/** F, I, W of one micro-batch on every virtual stage. */
export function stageCosts(s: StepSetup): StageSeconds[] {
  const { model, software, tensor: t } = s
  const e = s.precision === 'f32' ? 4 : 2
  const tokens = s.microBatch * s.sequence
  const dims: WorkDims = {
    B: s.microBatch,
    T: s.sequence,
    C: model.embed,
    NH: model.heads / t,
    KV: Math.max(1, model.kvHeads / t),
    HS: model.headSize,
    F: model.ffn / t,
    V: Math.ceil(model.vocab / t),
    rows: s.sequenceParallel ? tokens / t : tokens,
  }
  const context = { software, elementBytes: e }
  const work = blockWork(model, dims, context)
  const block = passSeconds(work, s)
  const repeated =
    s.recompute === 'full'
      ? work.forward
      : s.recompute === 'selective'
        ? segmentWork('attentionCore', dims, context).forward
        : []
  const again = secondsOf(repeated, s)
  const embedding = passSeconds(segmentWork('embedding', dims, context), s)
  const head = passSeconds(headWork(model, dims, context), s)

  const message = tokens * model.embed * e
  const exchange = exchanges(s, message)
  const send = stageSendSeconds(s, message)
  const blocking = software.blockingSends ? send : 0
  const sharding = shardingSeconds(s)
  // A ring step of a tensor collective may be held up beside a pipeline's messages.
  const stall = s.pipeline > 1 ? (t - 1) * software.pipelinedStallSeconds : 0
  // Two collectives per block and pass.
  const meeting = 2 * (t - 1) * software.tensorMeetingSeconds
  const forwardHost = block.F.host + meeting + stall
  const inputHost = block.I.host + again.host + (s.recompute === 'full' ? 2 : 1) * meeting + 2 * stall
  const splits = scheduleOf(s.schedule).splitsBackward

  // With overlap a block is gathered beside the block before it, its gradient reduced beside the next backward.
  const beside = (compute: number, exchanged: number, later = 0) =>
    s.overlap === true ? Math.max(compute, exchanged - later) : compute + exchanged
  const blockForward = beside(block.F.device + 2 * exchange.one, sharding.block.forward)
  const blockInput = beside(
    block.I.device + exchange.backward + again.device + exchange.again,
    sharding.block.backward,
    block.W.device,
  )
  const blocks = blocksPerStage(s)
  return blocks.map((n, stage) => {
    const ends = (part: keyof PassSeconds, side: keyof Seconds) =>
      (stage === 0 ? embedding[part][side] : 0) + (stage === blocks.length - 1 ? head[part][side] : 0)
    const table = stage === 0 ? sharding.table : { forward: 0, backward: 0 }
    const forward = Math.max(n * blockForward + ends('F', 'device'), n * forwardHost + ends('F', 'host'))
    const input: Seconds = {
      device: table.backward + n * blockInput + ends('I', 'device'),
      host: n * inputHost + ends('I', 'host'),
    }
    const weight: Seconds = {
      device: n * block.W.device + ends('W', 'device'),
      host: n * block.W.host + ends('W', 'host'),
    }
    const comm = send - blocking
    // The same without what is exchanged.
    const compute = Math.max(
      n * (block.F.device + block.I.device + again.device + block.W.device) +
        ends('F', 'device') +
        ends('I', 'device') +
        ends('W', 'device'),
      n * (block.F.host + block.I.host + again.host + block.W.host) +
        ends('F', 'host') +
        ends('I', 'host') +
        ends('W', 'host'),
    )
    if (splits) {
      const I = Math.max(input.device, input.host)
      return {
        F: blocking + table.forward + forward,
        I: blocking + I,
        W: Math.max(weight.device, weight.host),
        comm,
        compute,
      }
    }
    // In a whole backward the host runs ahead over both halves.
    const device = input.device + weight.device
    const whole = Math.max(device, input.host + weight.host)
    const share = device > 0 ? weight.device / device : 0
    return { F: blocking + table.forward + forward, I: blocking + whole * (1 - share), W: whole * share, comm, compute }
  })
}

/**
 * What slows a rank's compute slows the tensor ranks that meet it in every block, and no other replica before gradients are
 * exchanged: by replica and pipeline rank, the slowest tensor rank.
 */
function slowdowns({ cluster, data: d, tensor: t, pipeline: p }: StepSetup): number[][] {
  const slowest = Array.from({ length: d }, () => Array.from({ length: p }, () => 1))
  for (const [rank, slowdown] of cluster.slowdown) {
    const row = slowest[Math.floor((rank % (d * t)) / t)]!
    const at = Math.floor(rank / (d * t))
    if (at < p) row[at] = Math.max(row[at]!, slowdown)
  }
  return slowest
}

function slowed({ F, I, W, comm, compute }: StageSeconds, by: number): StageSeconds {
  return { F: F * by, I: I * by, W: W * by, comm, compute: compute * by }
}

/** Exchange of gradients and updated parameters between replicas. */
function reduceSeconds(s: StepSetup, parameters: number): number {
  if (s.data === 1 || s.zero === 3) return 0
  const span = meshSpan(s.data, s.tensor, s.cluster.devicesPerNode)
  const e = s.precision === 'f32' ? 4 : 2
  const gradientBytes = gradientBytesOf(s)
  const gradient = parameters * gradientBytes
  const seconds = (kind: CollectiveName, bytes: number, algorithm = s.collective) =>
    collectiveSeconds(kind, bytes, span, s.cluster, algorithm)
  if (s.exchange === 'star') return seconds('reduce', gradient, 'star') + seconds('broadcast', parameters * e, 'star')
  if (s.zero === 0) {
    const wire = gradientWire(s, parameters, gradientBytes)
    return seconds(wire.kind, wire.bytes)
  }
  // Sharded gradients are reduced micro-batch by micro-batch: there is no whole one to add to.
  const reductions = s.zero === 2 ? s.microbatches : 1
  return reductions * seconds('reduceScatter', gradient) + seconds('allGather', parameters * e)
}

/** Optimizer on the rank with most parameters; offloaded shards come and go over the host link. */
function optimizerSeconds(s: StepSetup, { parameters, tensors }: RankSize): number {
  const { cluster, software } = s
  const calibration = CALIBRATIONS[cluster.device.calibration]
  const owned = s.zero > 0 ? parameters / s.data : parameters
  const launches = tensors * software.optimizerLaunchesPerTensor * software.hostLaunchSeconds
  // Of AdamW's seven vectors that are read or written, SGD moves three, and two more for its momentum.
  const moved = (owned * software.optimizerBytes * (3 + 2 * (s.moments ?? 2))) / 7
  if (!s.offload) return moved / (cluster.device.memoryBandwidth * calibration.memoryEfficiency) + launches
  const { bandwidth, efficiency } = cluster.hostLink
  return moved / HOST_MEMORY_BANDWIDTH + (owned * 2 * (s.precision === 'f32' ? 4 : 2)) / (bandwidth * efficiency)
}

/** What follows the last backward: the whole gradient exchange, and a total with as much of it hidden as can be. */
export function stepTail(s: StepSetup): { reduce: number; optimizer: number; total: number } {
  // The rank with most parameters decides.
  const { ranks } = parametersPerRank(s)
  const most = ranks.reduce((a, b) => (b.parameters > a.parameters ? b : a))
  const whole = reduceSeconds(s, most.parameters)
  const hidden = s.overlap === true && s.software.overlapsReduction
  const reduce = hidden ? whole * LAST_BUCKET_SHARE : whole
  const optimizer = optimizerSeconds(s, most)
  return { reduce: whole, optimizer, total: reduce + optimizer + s.software.stepSeconds }
}

/** A replica whose pipeline ranks are slowed by these factors. */
function estimateReplica(s: StepSetup, stages: readonly StageSeconds[], slowest: readonly number[]): ReplicaEstimate {
  const { pipeline: p, microbatches: m } = s
  const shape = { stages: p, microbatches: m, chunks: s.chunks }
  const stageToRank = scheduleOf(s.schedule).stageToRank(shape)
  const costs = stages.map((cost, stage) => slowed(cost, slowest[stageToRank[stage]!]!))
  const only = costs.length === 1 ? costs[0] : undefined
  const clocked = only ? null : clockOrder(orderOf(s.schedule, shape), { stageToRank, costs })
  const pipelineSeconds = only ? m * (only.F + only.I + only.W) : clocked!.makespan
  const ranks = Array.from({ length: p }, () => ({ computeSeconds: 0, exchangeSeconds: 0 }))
  costs.forEach(({ F, I, W, compute }, stage) => {
    const rank = ranks[stageToRank[stage]!]!
    rank.computeSeconds += m * Math.min(compute, F + I + W)
    rank.exchangeSeconds += m * Math.max(0, F + I + W - compute)
  })
  return { pipelineSeconds, ranks, clocked, costs }
}

/**
 * Step time from stage-level costs: every micro-batch's forward and backward of a stage is the sum of its kernels and of
 * the collectives inside (or the host's time to launch them, if longer); the pipeline order is clocked; gradient reduction
 * and optimizer follow. The same cost functions as the clock over Programs, at a thousandth of its price: tensor ranks, and
 * replicas that are slowed alike, do the same at the same time and are clocked once.
 */
export function estimateStep(s: StepSetup): StepEstimate {
  const { software } = s
  const stages = stageCosts(s)
  const kinds = new Map<string, number>()
  const replicas: ReplicaEstimate[] = []
  const replicaOf = slowdowns(s).map((slowest) => {
    const key = slowest.join(' ')
    const known = kinds.get(key) ?? replicas.push(estimateReplica(s, stages, slowest)) - 1
    kinds.set(key, known)
    return known
  })
  const slowest = replicas.reduce((a, b) => (b.pipelineSeconds > a.pipelineSeconds ? b : a))
  const { reduce: whole, optimizer } = stepTail(s)
  // A bucket leaves when its last gradient is there: behind the last backward there is time for all but the last bucket.
  const behind = s.overlap && software.overlapsReduction ? Math.min(...slowest.costs.map(({ I, W }) => I + W)) : 0
  const reduce = Math.max(whole - behind, whole * (behind > 0 ? LAST_BUCKET_SHARE : 1))
  return {
    ...slowest,
    stepSeconds: slowest.pipelineSeconds + reduce + optimizer + software.stepSeconds,
    reduceSeconds: reduce,
    optimizerSeconds: optimizer,
    replicas,
    replicaOf,
  }
}
