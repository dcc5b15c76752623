import type { ClusterConfig, ParallelConfig } from '../config/types.ts'
import type { Program, RankProgram } from '../schedule/program.ts'
import { movedBytes } from './traffic.ts'

/** Along which axis of the mesh a group lies; all: over several of them (norms, losses). */
const LINK_AXES = ['tensor', 'data', 'pipeline', 'all'] as const
export type LinkAxis = (typeof LINK_AXES)[number]

/** What one axis puts on the links of the cluster. */
export interface LinkLoad {
  readonly axis: LinkAxis
  /** Ranks of its largest group. */
  readonly ranks: number
  /** Some of its groups lie over several nodes: the slower link decides. */
  readonly betweenNodes: boolean
  /** Id of the link that decides. */
  readonly link: string
  /** Bytes of a step, of the device that sends most. */
  readonly bytes: number
}

type Links = Pick<ClusterConfig, 'devicesPerNode' | 'intraNode' | 'interNode'>

const load = (
  axis: LinkAxis,
  ranks: number,
  betweenNodes: boolean,
  bytes: number,
  { intraNode, interNode }: Links,
): LinkLoad => ({
  axis,
  ranks,
  betweenNodes,
  link: betweenNodes ? interNode : intraNode,
  bytes,
})

function axisOf(group: readonly RankProgram[]): LinkAxis {
  const same = (of: (rank: RankProgram) => number) => new Set(group.map(of)).size === 1
  const [d, t, p] = [
    same(({ coordinates }) => coordinates.data),
    same(({ coordinates }) => coordinates.tensor),
    same(({ coordinates }) => coordinates.pipeline),
  ]
  // A server without a device belongs to nobody's stage or shard: it serves replicas.
  if (group.some(({ device }) => device === 'cpu') || (t && p)) return 'data'
  if (d && p) return 'tensor'
  return d && t ? 'pipeline' : 'all'
}

/** Op by op: every exchange of a Program's step, by the axis its group lies along. */
export function programLoads(program: Program, links: Links): LinkLoad[] {
  const sent = new Map<LinkAxis, { ranks: number; betweenNodes: boolean; byRank: number[] }>()
  for (const rank of program.ranks)
    for (const op of rank.step) {
      const group = 'group' in op ? op.group : 'peer' in op ? [rank.rank, op.peer] : []
      if (group.length < 2) continue
      const axis = axisOf(group.map((each) => program.ranks[each]!))
      const entry = sent.get(axis) ?? { ranks: 0, betweenNodes: false, byRank: program.ranks.map(() => 0) }
      sent.set(axis, entry)
      entry.ranks = Math.max(entry.ranks, group.length)
      entry.betweenNodes ||= new Set(group.map((each) => Math.floor(each / links.devicesPerNode))).size > 1
      entry.byRank[rank.rank]! += movedBytes(op, rank.rank).sent
    }
  return LINK_AXES.flatMap((axis) => {
    const entry = sent.get(axis)
    return entry
      ? [
          load(
            axis,
            entry.ranks,
            entry.betweenNodes,
            entry.byRank.reduce((a, b) => Math.max(a, b), 0),
            links,
          ),
        ]
      : []
  })
}

/** By stage: ranks of a node are neighbours in tensor first, then in data, then in pipeline. */
export function meshLoads(
  { data, tensor, pipeline }: Pick<ParallelConfig, 'data' | 'tensor' | 'pipeline'>,
  bytes: Readonly<Record<LinkAxis, number>>,
  links: Links,
): LinkLoad[] {
  const per = links.devicesPerNode
  const axes: Record<LinkAxis, readonly [ranks: number, crosses: boolean]> = {
    tensor: [tensor, tensor > per],
    data: [data, tensor * data > per],
    // The same rule as for the time of a message between stages.
    pipeline: [pipeline, tensor * data >= per],
    all: [data * tensor * pipeline, data * tensor * pipeline > per],
  }
  return LINK_AXES.flatMap((axis) => {
    const [ranks, crosses] = axes[axis]
    return ranks > 1 && bytes[axis] > 0 ? [load(axis, ranks, crosses, bytes[axis], links)] : []
  })
}
