import type { ClusterConfig } from '../config/types.ts'
import { MESH_AXES, axesAcross, meshSize, type MeshAxis, type MeshSizes } from '../core/mesh.ts'

/** The mesh axis along which a group lies; all: several axes (norms, losses). */
const LINK_AXES = [...MESH_AXES, 'all'] as const
export type LinkAxis = MeshAxis | 'all'

/** The load of one axis on the cluster's links. */
export interface LinkLoad {
  readonly axis: LinkAxis
  /** Ranks of its largest group. */
  readonly ranks: number
  /** Some of its groups span nodes: the slower link decides. */
  readonly betweenNodes: boolean
  /** Id of the limiting link. */
  readonly link: string
  /** Bytes per step of the device that sends most. */
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

/** A server without a device, outside the mesh, belongs to no stage or shard: it serves replicas. */
function axisOf(mesh: MeshSizes, group: readonly number[]): LinkAxis {
  if (group.some((rank) => rank >= meshSize(mesh))) return 'data'
  const [axis, ...more] = axesAcross(mesh, group)
  return axis === undefined || more.length > 0 ? 'all' : axis
}

/** Bytes a rank sends to a group in a step. */
export interface SentToGroup {
  readonly group: readonly number[]
  readonly bytes: number
}

/** Every exchange of a step, by the axis of its group: for each axis, the load of the rank that sends most. */
export function programLoads(ranks: Iterable<Iterable<SentToGroup>>, mesh: MeshSizes, links: Links): LinkLoad[] {
  const entries = new Map<LinkAxis, { ranks: number; betweenNodes: boolean; bytes: number }>()
  for (const groups of ranks) {
    const own = new Map<LinkAxis, number>()
    for (const { group, bytes } of groups) {
      if (group.length < 2) continue
      const axis = axisOf(mesh, group)
      const entry = entries.get(axis) ?? { ranks: 0, betweenNodes: false, bytes: 0 }
      entries.set(axis, entry)
      entry.ranks = Math.max(entry.ranks, group.length)
      const node = Math.floor(group[0]! / links.devicesPerNode)
      entry.betweenNodes ||= group.some((each) => Math.floor(each / links.devicesPerNode) !== node)
      own.set(axis, (own.get(axis) ?? 0) + bytes)
    }
    for (const [axis, bytes] of own) entries.get(axis)!.bytes = Math.max(entries.get(axis)!.bytes, bytes)
  }
  return LINK_AXES.flatMap((axis) => {
    const entry = entries.get(axis)
    return entry ? [load(axis, entry.ranks, entry.betweenNodes, entry.bytes, links)] : []
  })
}
