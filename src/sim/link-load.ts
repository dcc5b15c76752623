import type { ClusterConfig } from '../config/types.ts'
import type { Coordinates } from '../core/mesh.ts'

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

/** Coordinates of a rank; null for a server without a device, which belongs to nobody's stage or shard: it serves replicas. */
type CoordinatesOf = (rank: number) => Coordinates | null

function axisOf(group: readonly number[], coordinatesOf: CoordinatesOf): LinkAxis {
  const places = group.map(coordinatesOf)
  const [first] = places
  const same = (axis: keyof Coordinates) => places.every((each) => each?.[axis] === first?.[axis])
  const [d, t, p] = [same('data'), same('tensor'), same('pipeline')]
  if (places.includes(null) || (t && p)) return 'data'
  if (d && p) return 'tensor'
  return d && t ? 'pipeline' : 'all'
}

/** What a rank sends to a group in a step, itself among its members. */
export interface SentToGroup {
  readonly group: readonly number[]
  readonly bytes: number
}

/** Every exchange of a step, by the axis its group lies along: of each axis what the rank that sends most puts on it. */
export function programLoads(
  ranks: Iterable<Iterable<SentToGroup>>,
  coordinatesOf: CoordinatesOf,
  links: Links,
): LinkLoad[] {
  const entries = new Map<LinkAxis, { ranks: number; betweenNodes: boolean; bytes: number }>()
  for (const groups of ranks) {
    const own = new Map<LinkAxis, number>()
    for (const { group, bytes } of groups) {
      if (group.length < 2) continue
      const axis = axisOf(group, coordinatesOf)
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
