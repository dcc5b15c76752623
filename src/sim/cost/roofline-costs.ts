import { requestOf } from '../../comm/request.ts'
import type { Launch } from '../../model/kernels.ts'
import type { CollectiveOp, Op, Program, Span } from '../../schedule/program.ts'
import { launchesOfOp } from '../../strategy/workspace.ts'
import { collectiveSeconds, sendSeconds, spanOf, type GroupSpan } from '../collective-cost.ts'
import type { Cluster } from '../links.ts'
import { calibrationOf } from './calibration.ts'
import type { CostModel } from './cost-model.ts'
import { kernelSeconds, type KernelWork } from './kernel-seconds.ts'
import { NATIVE_GAP_SECONDS } from './software.ts'
import { workKey } from './work-key.ts'

/** Bytes per second an optimizer on the host moves through its memory: eight channels of DDR4-3200, half of it reached. */
export const HOST_MEMORY_BANDWIDTH = 100e9

function workOf({ kernel, params, flops, bytes }: Launch): KernelWork {
  if (kernel.startsWith('matmul'))
    return { kind: 'matmul', batch: 1, M: params['M']!, N: params['N']!, K: params['K']!, bytes, launches: 1 }
  if (kernel.startsWith('attention')) return { kind: 'attention', flops, bytes, launches: 1 }
  return { kind: 'memory', bytes, launches: 1 }
}

const elementsOf = (spans: readonly Span[]) => spans.reduce((sum, each) => sum + each.length, 0)

/** What the costs need to know of the ranks. */
export interface RankKinds {
  /** Ranks without a device. */
  readonly onHost: ReadonlySet<number>
  /** Ranks of a stage: those that may send to the next one at the same time. */
  readonly replicas: number
}

export function kindsOf(program: Program): RankKinds {
  return {
    onHost: new Set(program.ranks.filter((each) => each.device === 'cpu').map(({ rank }) => rank)),
    replicas: (program.groups['data']?.[0]?.length ?? 1) * (program.groups['tensor']?.[0]?.length ?? 1),
  }
}

/** Durations of a Program's ops on a cluster: kernels by roofline, exchanges by the links their group crosses. */
export function rooflineCosts({ onHost, replicas }: RankKinds, cluster: Cluster): CostModel {
  const { device, devicesPerNode, hostLink } = cluster
  const calibration = calibrationOf(device, NATIVE_GAP_SECONDS)
  const byKey = new Map<string, number>()
  const spans = new Map<string, GroupSpan>()
  const hostCluster: Cluster = { ...cluster, intraNode: hostLink }
  const memory = (bytes: number) => kernelSeconds({ kind: 'memory', bytes, launches: 1 }, device, 'f32', calibration)
  const overHostLink = (bytes: number) =>
    bytes === 0 ? 0 : hostLink.latencySeconds + bytes / (hostLink.bandwidth * hostLink.efficiency)

  const launched = (op: Op): number =>
    launchesOfOp(op).reduce((sum, each) => sum + kernelSeconds(workOf(each), device, 'f32', calibration), 0)
  const compute = (op: Op): number => {
    const key = workKey(op)
    if (key === null) return launched(op)
    let seconds = byKey.get(key)
    if (seconds === undefined) byKey.set(key, (seconds = launched(op)))
    return seconds
  }
  const collective = (op: CollectiveOp): number => {
    let span = spans.get(op.stream)
    if (span === undefined) spans.set(op.stream, (span = spanOf(op.group, devicesPerNode)))
    const bytes = requestOf(op).elements * op.elementBytes
    const where = onHost.size > 0 && op.group.some((rank) => onHost.has(rank)) ? hostCluster : cluster
    return collectiveSeconds(op.kind, bytes, span, where, op.algorithm)
  }

  const seconds = (op: Op, rank: number): number => {
    if ('group' in op) return collective(op)
    switch (op.kind) {
      case 'recv':
      case 'report':
        return 0
      case 'send': {
        const crosses = Math.floor(rank / devicesPerNode) !== Math.floor(op.peer / devicesPerNode)
        const bytes = elementsOf(op.source) * op.elementBytes
        return sendSeconds(bytes, crosses, cluster, Math.min(devicesPerNode, replicas))
      }
      case 'offload':
      case 'fetch':
        return overHostLink(elementsOf(op.source) * 4)
      case 'loadBatch':
        return overHostLink(op.writes.length * op.dims.rows * 4)
      case 'clear':
        return memory(elementsOf(op.spans) * 4)
      case 'gradNorm':
        return op.at === 'host' ? (elementsOf(op.spans) * 4) / HOST_MEMORY_BANDWIDTH : compute(op)
      case 'optimizerStep': {
        if (op.at === 'device') return compute(op)
        const passes = op.updates.some((each) => each.moment2) ? 7 : 5
        const elements = op.updates.reduce((sum, each) => sum + each.parameter.length, 0)
        return (elements * 4 * passes) / HOST_MEMORY_BANDWIDTH
      }
      default:
        return compute(op)
    }
  }
  return {
    seconds: (op, rank) => {
      const slowdown = 'group' in op || op.kind === 'send' ? 1 : (cluster.slowdown.get(rank) ?? 1)
      return seconds(op, rank) * slowdown
    },
  }
}
