import { groupsAlong, type Coordinates, type MeshAxis } from '../core/mesh.ts'
import type { PlannedRank } from './session.ts'

/** The mesh axes, in the page's order. */
const AXES: readonly MeshAxis[] = ['data', 'tensor', 'pipeline']

export interface MeshView {
  readonly size: Readonly<Record<MeshAxis, number>>
  /** Axes longer than one. */
  readonly axes: readonly MeshAxis[]
  /** By axis, the groups whose members differ in that coordinate only; ranks ascending. */
  readonly groups: Readonly<Record<MeshAxis, readonly (readonly number[])[]>>
  /** Rows of ranks as drawn, left to right. */
  readonly rows: readonly (readonly number[])[]
  /** Cells of a row that belong to one stage. */
  readonly perStage: number
  /** Ranks outside of the mesh: parameter servers on the CPU. */
  readonly servers: readonly number[]
}

function by<Key>(ranks: readonly PlannedRank[], key: (at: Coordinates) => Key): number[][] {
  const groups = new Map<Key, number[]>()
  for (const { rank, coordinates } of ranks) {
    const group = groups.get(key(coordinates))
    if (group) group.push(rank)
    else groups.set(key(coordinates), [rank])
  }
  return [...groups.values()]
}

/**
 * The mesh of a plan. Stages run left to right as the data does, tensor shards are adjacent within a stage, replicas
 * below each other; with replicas only there is one row.
 */
export function meshView(planned: readonly PlannedRank[]): MeshView {
  const ranks = planned.filter((each) => each.device === 'gpu')
  const sizeOf = (axis: MeshAxis) => 1 + Math.max(0, ...ranks.map((each) => each.coordinates[axis]))
  const size = { data: sizeOf('data'), tensor: sizeOf('tensor'), pipeline: sizeOf('pipeline') }
  const groups = {
    data: groupsAlong(size, 'data'),
    tensor: groupsAlong(size, 'tensor'),
    pipeline: groupsAlong(size, 'pipeline'),
  }
  const flat = size.pipeline * size.tensor === 1
  const place = ({ coordinates: at }: PlannedRank) => at.pipeline * size.tensor + at.tensor
  const ordered = [...ranks].sort((a, b) => place(a) - place(b) || a.coordinates.data - b.coordinates.data)
  return {
    size,
    axes: AXES.filter((axis) => size[axis] > 1),
    groups,
    rows: flat ? groups.data : by(ordered, (at) => at.data),
    perStage: flat ? size.data : size.tensor,
    servers: planned.filter((each) => each.device === 'cpu').map((each) => each.rank),
  }
}

/** Which group of an axis a rank belongs to; −1 for a server. */
export function groupIndex(mesh: MeshView, axis: MeshAxis, rank: number): number {
  return mesh.groups[axis].findIndex((group) => group.includes(rank))
}

/** 0 → "A", 25 → "Z", 26 → "AA". */
export function groupLetter(index: number): string {
  const last = String.fromCharCode(65 + (index % 26))
  return index < 26 ? last : groupLetter(Math.floor(index / 26) - 1) + last
}

/** The axis along which two different ranks share a group. */
export function sharedAxis(mesh: MeshView, a: number, b: number): MeshAxis | null {
  if (a === b) return null
  return mesh.axes.find((axis) => mesh.groups[axis].some((group) => group.includes(a) && group.includes(b))) ?? null
}
