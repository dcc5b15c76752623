import { meshSize, strideOf } from '../../core/mesh.ts'
import { requestOf } from '../../comm/request.ts'
import type { RunConfig } from '../../config/types.ts'
import type { Dtype } from '../../core/dtypes.ts'
import type { Launch } from '../../model/kernels.ts'
import { segmentOf } from '../../model/segments/registry.ts'
import type { CostRule, KindsWith, OpOf } from '../../schedule/op-kinds.ts'
import { OP_KINDS, isMessage, launchesOfOp } from '../../schedule/op-kinds.ts'
import type { CollectiveOp, ComputeOp, OffloadOp, Op, OptimizerStepOp, SendOp, Span } from '../../schedule/program.ts'
import { elementBytesOf, hasOwnKernels, traitsOf } from '../../strategy/recipes.ts'
import { collectiveSeconds, sendSeconds, spanOf, type GroupSpan } from '../collective-cost.ts'
import { HOST_MEMORY_BANDWIDTH } from '../hardware.ts'
import type { ClusterHardware } from '../links.ts'
import { softwareOf } from './software.ts'
import { calibrationOf } from './calibration.ts'
import type { CostModel } from './cost-model.ts'
import { kernelSeconds, type KernelWork } from './kernel-seconds.ts'
import { segmentWork, type PassWork } from './segment-work.ts'
import { workKey } from './work-key.ts'

/** Durations of ops on the device or the links, and their host time. */
export interface ProgramCosts extends CostModel {
  /** Seconds the host needs to launch an op. It launches ops in list order and runs ahead of the device. */
  readonly hostSeconds: (op: Op, rank: number) => number
  /** The host waits for the op to end before it launches the next. */
  readonly stopsHost: (op: Op) => boolean
}

/** Of AdamW's seven vectors read or written, SGD moves three, and two more for its momentum. */
const ADAMW_VECTORS = 7
const SGD_VECTORS = 3
const MOMENT_VECTORS = 2

const elementsOf = (spans: readonly Span[]) => spans.reduce((sum, each) => sum + each.length, 0)

/** Seconds of an op on a rank, by the rule of its kind. */
type Prices = { readonly [Rule in CostRule]: (op: OpOf<KindsWith<'cost', Rule>>, rank: number) => number }

/** What goes to the device are weights, what comes from it are gradients. */
const COPIED = { fetch: 'working', offload: 'gradient' } as const satisfies Record<OffloadOp['kind'], Dtype>

/** A launch of this project's kernels, which count f32 elements. */
function launchWork({ kernel, params, flops, bytes: words }: Launch, scale: number): KernelWork {
  const bytes = words * scale
  if (kernel.startsWith('matmul'))
    return { kind: 'matmul', batch: 1, M: params['M']!, N: params['N']!, K: params['K']!, bytes, launches: 1 }
  if (kernel.startsWith('attention')) return { kind: 'attention', flops, bytes, launches: 1 }
  return { kind: 'memory', bytes, launches: 1 }
}

/** An op's kernels under other software: a segment's backward work is assigned to the halves the op covers. */
function passWork({ kind, segment }: ComputeOp, { forward, input, weight }: PassWork): readonly KernelWork[] {
  switch (kind) {
    case 'forward':
      // The gradient of the logits is computed with the loss.
      return segment.kind === 'loss' || segment.kind === 'lossSharded' ? [...forward, ...input] : forward
    case 'recompute':
      return forward
    case 'backward':
      return [...input, ...weight]
    case 'backwardInput':
      return input
    case 'backwardWeight':
      // Where a Program has no input-gradient op, this one is the whole backward.
      return segmentOf(segment.kind).input.length === 0 ? [...input, ...weight] : weight
  }
}

/**
 * Costs of a configuration's Program on a cluster, under its software and precision, without the slowdowns of single
 * ranks.
 *
 * tabcluster: every launch by roofline. Other software: its kernels for each segment (segment-work.ts), as often as its
 * host launches them; the fitted figures of its row (software.ts), each at the op it belongs to.
 */
export function programCosts(config: RunConfig, cluster: ClusterHardware): ProgramCosts {
  const { device, devicesPerNode, hostLink } = cluster
  const { precision } = config
  const { tensor, pipeline, sequenceParallel } = config.parallel
  const software = softwareOf(config)
  const bytes = elementBytesOf(config)
  const own = hasOwnKernels(config) && traitsOf(config).size === 0
  const calibration = calibrationOf(device, software.kernelGapSeconds)
  const world = meshSize(config.parallel)
  const hostCluster: ClusterHardware = { ...cluster, intraNode: hostLink }
  const spans = new Map<string, GroupSpan>()
  const byKey = new Map<string, { device: number; host: number }>()
  /** Ranks that do the same ask for the same ops. */
  const byOp = new Map<Op, { device: number; host: number }>()

  const timed = (works: readonly KernelWork[]): { device: number; host: number } => {
    let [seconds, host] = [0, 0]
    for (const work of works) {
      seconds += kernelSeconds(work, device, precision, calibration)
      host += work.launches * (work.times ?? 1) * software.hostLaunchSeconds
    }
    // This project's kernels are timed with the gap between them.
    return own ? { device: seconds, host: 0 } : { device: seconds * software.timeFactor, host }
  }
  const memory = (moved: number) => timed([{ kind: 'memory', bytes: moved, launches: 1 }])
  const launched = (op: Op) => timed(launchesOfOp(op).map((each) => launchWork(each, bytes.working / bytes.f32)))
  const kernelCosts = (op: ComputeOp) => {
    // Statistics of a vocabulary split over ranks are part of the loss's own traffic.
    if (op.segment.kind === 'lossStats') return { device: 0, host: 0 }
    const work = segmentWork(op.segment.kind, op.dims, { software, elementBytes: bytes.working })
    return timed(passWork(op, work))
  }
  const remembered = (op: Op, make: () => { device: number; host: number }) => {
    let known = byOp.get(op)
    if (known !== undefined) return known
    const key = workKey(op)
    known = key === null ? make() : byKey.get(key)
    if (known === undefined) byKey.set(key!, (known = make()))
    byOp.set(op, known)
    return known
  }

  const overHostLink = (moved: number) =>
    moved === 0 ? 0 : hostLink.latencySeconds + moved / (hostLink.bandwidth * hostLink.efficiency)
  const inHostMemory = (moved: number) => moved / HOST_MEMORY_BANDWIDTH

  const spanOfGroup = ({ stream, group }: Pick<CollectiveOp, 'stream' | 'group'>): GroupSpan => {
    let span = spans.get(stream)
    if (span === undefined) spans.set(stream, (span = spanOf(group, devicesPerNode)))
    return span
  }
  const collective = (op: CollectiveOp): number => {
    const moved = requestOf(op).elements * op.elementBytes
    const where = op.group.some((rank) => rank >= world) ? hostCluster : cluster
    return collectiveSeconds(op.kind, moved, spanOfGroup(op), where, op.algorithm)
  }

  /** Tensor ranks may each send a share to another node and gather it there (arXiv:2104.04473, section 4.1). */
  const send = (op: SendOp, rank: number): number => {
    const crosses = Math.floor(rank / devicesPerNode) !== Math.floor(op.peer / devicesPerNode)
    const moved = elementsOf(op.source) * op.elementBytes
    const sharing = Math.min(devicesPerNode, strideOf(config.parallel, 'pipeline'))
    const isShared = crosses && tensor > 1 && software.scatterGather && !sequenceParallel
    if (!isShared) return sendSeconds(moved, crosses, cluster, sharing)
    const first = rank - (rank % tensor)
    const group = Array.from({ length: tensor }, (_, i) => first + i)
    const gather = collectiveSeconds('allGather', moved, spanOf(group, devicesPerNode), cluster)
    return sendSeconds(moved / tensor, crosses, cluster, sharing) + gather
  }

  /** Every update moves the weights and their copies through memory; other per-step costs are added here. */
  const optimizer = (op: OptimizerStepOp): number => {
    const { updates } = op
    const elements = updates.reduce((sum, each) => sum + each.parameter.length, 0)
    const moments = updates.some((each) => each.moment2) ? 2 : updates.some((each) => each.moment1) ? 1 : 0
    const vectors = SGD_VECTORS + MOMENT_VECTORS * moments
    if (own) {
      if (op.at === 'device') return remembered(op, () => launched(op)).device
      return inHostMemory(elements * bytes.f32 * vectors)
    }
    const moved = (elements * software.optimizerBytes * vectors) / ADAMW_VECTORS
    const seconds =
      op.at === 'host' ? inHostMemory(moved) : moved / (device.memoryBandwidth * calibration.memoryEfficiency)
    return seconds + software.stepSeconds
  }

  /** Bytes moved by an addition or a cast of gradients. */
  const addedBytes = (elements: number, assign: boolean) =>
    elements * (assign ? bytes.gradient + bytes.reduced : 3 * bytes.gradient)

  const prices: Prices = {
    segment: (op) => remembered(op, () => (own ? launched(op) : kernelCosts(op))).device,
    collective,
    message: send,
    copy: (op) => overHostLink(elementsOf(op.source) * bytes[COPIED[op.kind]]),
    upload: (op) => overHostLink(op.writes.length * op.dims.rows * bytes.u32),
    update: optimizer,
    norm: (op) => {
      const moved = elementsOf(op.spans) * bytes.gradient
      if (op.at === 'host') return inHostMemory(moved)
      return own ? remembered(op, () => launched(op)).device : memory(moved).device
    },
    sum: (op, rank) => {
      const moved = addedBytes(elementsOf(op.source), op.assign)
      if (rank >= world) return inHostMemory(moved)
      return own ? remembered(op, () => launched(op)).device : memory(moved).device
    },
    codec: (op) => launched(op).device,
    fill: (op) => memory(elementsOf(op.spans) * bytes.gradient).device,
    nothing: () => 0,
  }
  const seconds = (op: Op, rank: number): number => prices[OP_KINDS[op.kind].cost](op as never, rank)

  /** The hosts of a tensor group launch independently: every collective waits for the slowest. */
  const meetingSeconds = (op: CollectiveOp): number => {
    // A gather belongs to the reduce-scatter with which it forms an all-reduce.
    const isExchange = op.stream.startsWith('tensor:') && op.traffic === 'activations' && op.kind !== 'allGather'
    if (!isExchange) return 0
    // Two such collectives per block and pass; the stall beside a pipeline is twice as long in a backward.
    const stall = pipeline > 1 && op.phase !== 'recompute' ? software.pipelinedStallSeconds / 2 : 0
    const isBackward = op.subject.endsWith('gradient')
    return (tensor - 1) * (software.tensorMeetingSeconds + (isBackward ? 2 : 1) * stall)
  }

  /** What the host needs for an op; null: nothing. */
  const launching: { readonly [Rule in CostRule]: Prices[Rule] | null } = {
    segment: (op) => remembered(op, () => kernelCosts(op)).host,
    collective: meetingSeconds,
    update: ({ at, updates }) =>
      at === 'device' ? updates.length * software.optimizerLaunchesPerTensor * software.hostLaunchSeconds : 0,
    message: null,
    copy: null,
    upload: null,
    norm: null,
    sum: null,
    codec: null,
    fill: null,
    nothing: null,
  }
  const hostSeconds = (op: Op, rank: number): number =>
    own ? 0 : (launching[OP_KINDS[op.kind].cost]?.(op as never, rank) ?? 0)
  const stopsHost = (op: Op) => software.blockingSends && isMessage(op)
  return { seconds, hostSeconds, stopsHost }
}
