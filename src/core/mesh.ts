/**
 * The mesh: which rank sits where. Axes are listed from the innermost: ranks that differ along the first are neighbours, share
 * one machine and talk most (the order of Megatron-LM).
 *
 *   data 2, tensor 2, pipeline 2       tensor 0  tensor 1
 *   pipeline 0   data 0                    0         1
 *                data 1                    2         3
 *   pipeline 1   data 0                    4         5
 *                data 1                    6         7
 */
export const MESH_AXES = ['tensor', 'data', 'pipeline'] as const
export type MeshAxis = (typeof MESH_AXES)[number]

/** Ranks along each axis; a configuration's `parallel` is one. */
export type MeshSizes = Readonly<Record<MeshAxis, number>>
export type Coordinates = Readonly<Record<MeshAxis, number>>

/** Ranks of the mesh, or of a group along some of its axes. */
export function meshSize(sizes: MeshSizes, axes: readonly MeshAxis[] = MESH_AXES): number {
  let product = 1
  for (const axis of axes) product *= sizes[axis]
  return product
}

/** Distance in ranks between neighbours along an axis: the product of the axes further in. */
export function strideOf(sizes: MeshSizes, axis: MeshAxis): number {
  let stride = 1
  for (const inner of MESH_AXES) {
    if (inner === axis) break
    stride *= sizes[inner]
  }
  return stride
}

export function rankAt(sizes: MeshSizes, at: Coordinates): number {
  let [rank, stride] = [0, 1]
  for (const axis of MESH_AXES) {
    rank += at[axis] * stride
    stride *= sizes[axis]
  }
  return rank
}

/** The inverse of `rankAt`. A rank outside the mesh (a server's) lies beyond the end of the outermost axis. */
export function coordinatesAt(sizes: MeshSizes, rank: number): Coordinates {
  const at = { data: 0, pipeline: 0, tensor: 0 }
  let rest = rank
  for (const axis of MESH_AXES) {
    const isOutermost = axis === MESH_AXES.at(-1)
    at[axis] = isOutermost ? rest : rest % sizes[axis]
    rest = Math.floor(rest / sizes[axis])
  }
  return at
}

/** The ranks that differ from those coordinates along the given axes only, ascending. */
export function groupAlong(sizes: MeshSizes, at: Coordinates, ...axes: readonly MeshAxis[]): number[] {
  let members = [at]
  for (const axis of MESH_AXES)
    if (axes.includes(axis))
      members = Array.from({ length: sizes[axis] }, (_, i) => members.map((each) => ({ ...each, [axis]: i }))).flat()
  return members.map((each) => rankAt(sizes, each))
}

/** All groups along the given axes: a partition of the mesh, in the order of their first ranks. */
export function groupsAlong(sizes: MeshSizes, ...axes: readonly MeshAxis[]): number[][] {
  const first = (at: Coordinates) => axes.every((axis) => at[axis] === 0)
  return Array.from({ length: meshSize(sizes) }, (_, rank) => coordinatesAt(sizes, rank))
    .filter(first)
    .map((at) => groupAlong(sizes, at, ...axes))
}

/** The axes along which the members of a group differ. */
export function axesAcross(sizes: MeshSizes, [first, ...others]: readonly number[]): MeshAxis[] {
  if (first === undefined) return []
  const from = coordinatesAt(sizes, first)
  const differs = { data: false, pipeline: false, tensor: false }
  for (const rank of others) {
    const at = coordinatesAt(sizes, rank)
    for (const axis of MESH_AXES) if (at[axis] !== from[axis]) differs[axis] = true
  }
  return MESH_AXES.filter((axis) => differs[axis])
}
