import type { ClusterHardware } from './links.ts'
import { interNodeShare } from './links.ts'

/** What determines a collective's time besides its bytes: the placement of its group over nodes. */
export interface GroupSpan {
  readonly ranks: number
  /** Most members on one node, and number of nodes. */
  readonly perNode: number
  readonly nodes: number
}

/** @param group ranks; rank r sits on node ⌊r / devicesPerNode⌋ */
export function spanOf(group: readonly number[], devicesPerNode: number): GroupSpan {
  const counts = new Map<number, number>()
  for (const rank of group) {
    const node = Math.floor(rank / devicesPerNode)
    counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  return { ranks: group.length, perNode: Math.max(0, ...counts.values()), nodes: counts.size }
}

/** The span of a group of `ranks` members, `stride` ranks apart, as in a mesh. */
export function meshSpan(ranks: number, stride: number, devicesPerNode: number): GroupSpan {
  const perNode = Math.max(1, Math.min(ranks, Math.floor(devicesPerNode / stride)))
  return { ranks, perNode, nodes: Math.ceil(ranks / perNode) }
}

export type CollectiveName =
  'allReduce' | 'reduceScatter' | 'allGather' | 'broadcast' | 'reduce' | 'gather' | 'scatter' | 'push' | 'pull'

/** Seconds to start a collective: its kernel, its channels' flags and the synchronization of the ranks. */
const START_SECONDS = 36e-6
/**
 * Share of a device's links that one message between two devices uses: 28 MB in 0.6 ms over NVLink 3 in Table 6 of Zero
 * Bubble (arXiv:2401.10241).
 */
const SEND_SHARE = 0.17

/**
 * NCCL's rings over the first n devices of a hybrid cube mesh (DGX-1V: six NVLink 2 links per device, not fully
 * connected). Counted from the link diagram; 25 GB/s per ring and direction.
 */
const CUBE_MESH_RINGS: readonly number[] = [0, 0, 1, 2, 4, 2, 2, 4, 6]

/** Bytes per second of one ring step inside a node, for a device's part. */
function intraBandwidth({ intraNode, device }: ClusterHardware, ranks: number): number {
  const full = intraNode.bandwidth * intraNode.efficiency
  if (device.calibration !== 'volta' || !intraNode.title.startsWith('NVLink 2')) return full
  return (full * (CUBE_MESH_RINGS[Math.min(ranks, 8)] ?? 6)) / 6
}

/**
 * Seconds of one collective on `bytes`: the whole vector (the sum over parts for gathers and scatters).
 *   ring: steps·α + (bytes share of the slowest hop)/bandwidth; reduceScatter and allGather n−1 steps, allReduce twice that
 *   tree across nodes: 2·⌈log₂ nodes⌉ latencies instead, the same bytes (double binary tree); the faster one counts
 *   star: the root's link carries the vector of every other member
 * plus the start and the passes through device memory. Sources: nccl-tests' bus-bandwidth factors; α and the passes are
 * fitted on half of the vTrain all-reduce table (docs/validation.md).
 */
export function collectiveSeconds(
  kind: CollectiveName,
  bytes: number,
  span: GroupSpan,
  cluster: ClusterHardware,
  algorithm: 'ring' | 'tree' | 'star' = 'ring',
): number {
  const n = span.ranks
  if (n <= 1) return 0
  const inter = span.nodes > 1
  const alpha = inter ? cluster.interNode.latencySeconds : cluster.intraNode.latencySeconds
  const within = intraBandwidth(cluster, Math.min(n, span.perNode))
  // A member has its share of the node's ports; other groups on the node use theirs concurrently.
  const across = interNodeShare(cluster) * span.perNode
  const bandwidth = inter ? Math.min(across, span.perNode > 1 ? within : Infinity) : within
  const start = START_SECONDS
  if (algorithm === 'star') {
    const rounds = kind === 'allReduce' ? 2 : 1
    return start + rounds * (alpha + ((n - 1) * bytes) / Math.min(bandwidth, within))
  }
  const rounds = kind === 'allReduce' ? 2 : 1
  const ringSteps = rounds * (n - 1)
  const treeSteps = 2 * Math.ceil(Math.log2(span.nodes)) + rounds * (span.perNode - 1)
  const treeOnly = kind === 'allReduce' || algorithm === 'tree'
  const steps = inter && treeOnly ? Math.min(ringSteps, treeSteps) : ringSteps
  const local = cluster.intraNode.memoryPasses / (kind === 'allReduce' ? 1 : 2)
  return (
    start +
    steps * alpha +
    ((rounds * (n - 1)) / n) * (bytes / bandwidth) +
    (local * bytes) / cluster.device.memoryBandwidth
  )
}

/**
 * Seconds of a message of `bytes` from one rank to a neighbour; `sharing` senders per node use the ports concurrently.
 */
export function sendSeconds(bytes: number, crossesNodes: boolean, cluster: ClusterHardware, sharing = 1): number {
  const { intraNode, interNode, devicesPerNode } = cluster
  // PCIe has only a single path.
  const share = intraNode.title.startsWith('NVLink') ? SEND_SHARE : intraNode.efficiency
  if (!crossesNodes) return intraNode.latencySeconds + bytes / (intraNode.bandwidth * share)
  const ports = interNodeShare(cluster) * devicesPerNode
  const port = interNode.bandwidth * interNode.efficiency
  const bandwidth = Math.min(port, ports / Math.max(1, sharing))
  return interNode.latencySeconds + bytes / bandwidth
}
