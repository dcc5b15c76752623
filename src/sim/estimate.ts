import type { StageCosts } from '../schedule/orders/shape.ts'
import { scheduleOf } from '../schedule/registry.ts'
import { clockOrder } from '../schedule/unit-clock.ts'
import { collectiveSeconds, meshSpan, sendSeconds } from './collective-cost.ts'
import { CALIBRATIONS } from './cost/calibration.ts'
import { kernelSeconds, type KernelWork } from './cost/kernel-seconds.ts'
import { blockWork, headWork, segmentWork, type PassWork, type WorkDims } from './cost/segment-work.ts'
import { blocksPerStage, parametersPerRank } from './stage-sizes.ts'
import type { StepSetup } from './step-setup.ts'

export interface StepEstimate {
  readonly stepSeconds: number
  /** First forward to last backward. */
  readonly pipelineSeconds: number
  readonly reduceSeconds: number
  readonly optimizerSeconds: number
}

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
  const calibration = CALIBRATIONS[cluster.device.calibration]
  let device = 0
  let host = 0
  for (const work of list) {
    device += kernelSeconds(work, cluster.device, precision, calibration)
    host += work.launches * software.hostLaunchSeconds
  }
  return { device: device * software.timeFactor, host }
}

function passSeconds({ forward, input, weight }: PassWork, s: StepSetup): PassSeconds {
  return { F: secondsOf(forward, s), I: secondsOf(input, s), W: secondsOf(weight, s) }
}

/** What a block exchanges over its tensor group: one all-reduce, or under sequence parallelism its two halves. */
function exchanges(s: StepSetup, message: number): { one: number; backward: number; again: number } {
  const span = meshSpan(s.tensor, 1, s.cluster.devicesPerNode)
  const reduce = collectiveSeconds('reduceScatter', message, span, s.cluster)
  const gather = collectiveSeconds('allGather', message, span, s.cluster)
  const one = s.sequenceParallel ? reduce + gather : collectiveSeconds('allReduce', message, span, s.cluster)
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

/** Fully sharded: a block is gathered beside the block before it, its gradient reduced beside the next backward. */
function shardingSeconds(s: StepSetup): { gather: number; backward: number; table: number } {
  if (s.zero < 3 || s.data === 1) return { gather: 0, backward: 0, table: 0 }
  const { block, table } = parametersPerRank(s)
  const e = s.precision === 'f32' ? 4 : 2
  const span = meshSpan(s.data, s.tensor, s.cluster.devicesPerNode)
  const gather = collectiveSeconds('allGather', block * e, span, s.cluster)
  const reduce = collectiveSeconds('reduceScatter', block * s.software.gradientBytes, span, s.cluster)
  return {
    gather,
    backward: (s.reshard === false ? 0 : gather) + reduce,
    table: collectiveSeconds('allGather', table * e, span, s.cluster),
  }
}

/** F, I, W of one micro-batch on every virtual stage. */
export function stageCosts(s: StepSetup): StageCosts[] {
  const { model, software, tensor: t } = s
  const e = s.precision === 'f32' ? 4 : 2
  const tokens = s.microBatch * s.sequence
  const dims: WorkDims = {
    B: s.microBatch,
    T: s.sequence,
    C: model.embed,
    NH: model.heads / t,
    KV: Math.max(1, model.kvHeads / t),
    HS: model.embed / model.heads,
    F: model.ffn / t,
    V: Math.ceil(model.vocab / t),
    rows: s.sequenceParallel ? tokens / t : tokens,
  }
  const context = { family: model.family, software, elementBytes: e }
  const work = blockWork(dims, context)
  const block = passSeconds(work, s)
  const repeated =
    s.recompute === 'full'
      ? work.forward
      : s.recompute === 'selective'
        ? segmentWork('attentionCore', dims, context).forward
        : []
  const again = secondsOf(repeated, s)
  const embedding = passSeconds(segmentWork('embedding', dims, context), s)
  const head = passSeconds(headWork(dims, context), s)

  const message = tokens * model.embed * e
  const exchange = exchanges(s, message)
  const send = stageSendSeconds(s, message)
  const blocking = software.blockingSends ? send : 0
  const sharding = shardingSeconds(s)
  // A ring step of a tensor collective may be held up beside a pipeline's messages.
  const stall = s.pipeline > 1 ? (t - 1) * software.pipelinedStallSeconds : 0
  const splits = scheduleOf(s.schedule).splitsBackward

  const blockForward = Math.max(block.F.device + 2 * exchange.one, sharding.gather)
  const blockInput = Math.max(
    block.I.device + exchange.backward + again.device + exchange.again,
    sharding.backward - block.W.device,
  )
  const blocks = blocksPerStage(s)
  return blocks.map((n, stage) => {
    const ends = (part: keyof PassSeconds, side: keyof Seconds) =>
      (stage === 0 ? embedding[part][side] : 0) + (stage === blocks.length - 1 ? head[part][side] : 0)
    const table = stage === 0 ? sharding.table : 0
    const forward = Math.max(n * blockForward + ends('F', 'device'), n * (block.F.host + stall) + ends('F', 'host'))
    const input: Seconds = {
      device: table + n * blockInput + ends('I', 'device'),
      host: n * (block.I.host + again.host + 2 * stall) + ends('I', 'host'),
    }
    const weight: Seconds = {
      device: n * block.W.device + ends('W', 'device'),
      host: n * block.W.host + ends('W', 'host'),
    }
    const comm = send - blocking
    if (splits) {
      const I = Math.max(input.device, input.host)
      return { F: blocking + table + forward, I: blocking + I, W: Math.max(weight.device, weight.host), comm }
    }
    // In a whole backward the host runs ahead over both halves.
    const device = input.device + weight.device
    const whole = Math.max(device, input.host + weight.host)
    const share = device > 0 ? weight.device / device : 0
    return { F: blocking + table + forward, I: blocking + whole * (1 - share), W: whole * share, comm }
  })
}

/** Gradient reduction after the last backward. */
function reduceSeconds(s: StepSetup, parameters: number): number {
  if (s.data === 1 || s.zero === 3) return 0
  const span = meshSpan(s.data, s.tensor, s.cluster.devicesPerNode)
  const gradient = parameters * s.software.gradientBytes
  if (s.zero === 0) return collectiveSeconds('allReduce', gradient, span, s.cluster)
  const e = s.precision === 'f32' ? 4 : 2
  return (
    collectiveSeconds('reduceScatter', gradient, span, s.cluster) +
    collectiveSeconds('allGather', parameters * e, span, s.cluster)
  )
}

/**
 * Step time from stage-level costs: every micro-batch's forward and backward of a stage is the sum of its kernels and of
 * the collectives inside (or the host's time to launch them, if longer); the pipeline order is clocked; gradient reduction
 * and optimizer follow. The same cost functions as the clock over Programs, at a thousandth of its price.
 */
export function estimateStep(s: StepSetup): StepEstimate {
  const { cluster, software, pipeline: p } = s
  const costs = stageCosts(s)
  const schedule = scheduleOf(s.schedule)
  const shape = { stages: p, microbatches: s.microbatches, chunks: s.chunks }
  const only = costs.length === 1 ? costs[0] : undefined
  const pipelineSeconds = only
    ? s.microbatches * (only.F + only.I + only.W)
    : clockOrder(schedule.order(shape), { stageToRank: schedule.stageToRank(shape), costs }).makespan
  // The rank with most parameters decides.
  const { ranks } = parametersPerRank(s)
  const most = ranks.reduce((a, b) => (b.parameters > a.parameters ? b : a))
  const calibration = CALIBRATIONS[cluster.device.calibration]
  const owned = s.zero > 0 ? most.parameters / s.data : most.parameters
  const optimizerSeconds =
    (owned * software.optimizerBytes) / (cluster.device.memoryBandwidth * calibration.memoryEfficiency) +
    most.tensors * software.hostLaunchSeconds
  const reduce = reduceSeconds(s, most.parameters)
  return {
    stepSeconds: pipelineSeconds + reduce + optimizerSeconds + software.stepSeconds,
    pipelineSeconds,
    reduceSeconds: reduce,
    optimizerSeconds,
  }
}
