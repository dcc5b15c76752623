import { RefusedError } from '../core/errors.ts'

/**
 * The mesh: which rank sits where. Tensor is innermost, then data, pipeline outermost (the order of Megatron-LM), so that
 * the group that talks most sits on neighbouring ranks, which share one machine:
 *
 *   rank = (pipeline · data size + data) · tensor size + tensor
 *
 *   data 2, tensor 2, pipeline 2       tensor 0  tensor 1
 *   pipeline 0   data 0                    0         1
 *                data 1                    2         3
 *   pipeline 1   data 0                    4         5
 *                data 1                    6         7
 */

export interface MeshShape {
  readonly data: number
  readonly tensor: number
  readonly pipeline: number
}

export interface Coordinates {
  readonly data: number
  readonly pipeline: number
  readonly tensor: number
}

export interface Mesh {
  readonly shape: MeshShape
  /** Ranks of the mesh and the servers behind them. */
  readonly world: number
  /** Ranks that hold a part of the model: data · tensor · pipeline. */
  readonly workers: number
  /** Ranks without a device (CPU parameter servers), numbered after the mesh. */
  readonly servers: readonly number[]
  /** By rank. A server has no place in the mesh: it counts as one more data index, at pipeline 0 and tensor 0. */
  readonly coordinates: readonly Coordinates[]
  /** Named groups, each a partition of the mesh's ranks, members in ascending rank. */
  readonly groups: {
    readonly data: readonly (readonly number[])[]
    readonly tensor: readonly (readonly number[])[]
    readonly pipeline: readonly (readonly number[])[]
  }
}

function whole(field: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RefusedError(field, `${value} is not a whole number of at least ${least}`)
  }
}

/** The mesh of a configuration's `parallel` part; `servers` ranks without a device follow the mesh's own. */
export function mesh(shape: MeshShape, servers = 0): Mesh {
  whole('parallel.data', shape.data, 1)
  whole('parallel.tensor', shape.tensor, 1)
  whole('parallel.pipeline', shape.pipeline, 1)
  whole('servers', servers, 0)
  const { data, tensor, pipeline } = shape
  const workers = data * tensor * pipeline
  const coordinates: Coordinates[] = []
  for (let rank = 0; rank < workers; rank++) {
    coordinates.push({
      data: Math.floor(rank / tensor) % data,
      pipeline: Math.floor(rank / (tensor * data)),
      tensor: rank % tensor,
    })
  }
  for (let s = 0; s < servers; s++) coordinates.push({ data: data + s, pipeline: 0, tensor: 0 })
  const ranks = Array.from({ length: workers }, (_, rank) => rank)
  const partition = (key: (at: Coordinates) => string): readonly (readonly number[])[] => {
    const groups = new Map<string, number[]>()
    for (const rank of ranks) {
      const at = coordinates[rank]
      if (at === undefined) continue
      const name = key(at)
      const group = groups.get(name)
      if (group === undefined) groups.set(name, [rank])
      else group.push(rank)
    }
    return [...groups.values()]
  }
  return {
    shape: { data, tensor, pipeline },
    world: workers + servers,
    workers,
    servers: Array.from({ length: servers }, (_, s) => workers + s),
    coordinates,
    groups: {
      data: partition((at) => `${at.pipeline} ${at.tensor}`),
      tensor: partition((at) => `${at.pipeline} ${at.data}`),
      pipeline: partition((at) => `${at.data} ${at.tensor}`),
    },
  }
}

/** The rank at given coordinates of a mesh of this shape. */
export function rankAt(shape: MeshShape, at: Coordinates): number {
  return (at.pipeline * shape.data + at.data) * shape.tensor + at.tensor
}

function groupOf(m: Mesh, rank: number, along: (at: Coordinates, i: number) => Coordinates, size: number): number[] {
  const at = m.coordinates[rank]
  if (at === undefined || rank >= m.workers) {
    throw new RefusedError('rank', `${rank} is not in the mesh of ${m.workers} ranks`)
  }
  return Array.from({ length: size }, (_, i) => rankAt(m.shape, along(at, i)))
}

/** Ranks that hold the same part of the model and see different samples. */
export function dataGroup(m: Mesh, rank: number): readonly number[] {
  return groupOf(m, rank, (at, data) => ({ ...at, data }), m.shape.data)
}

/** Ranks that share every tensor of a stage. */
export function tensorGroup(m: Mesh, rank: number): readonly number[] {
  return groupOf(m, rank, (at, tensor) => ({ ...at, tensor }), m.shape.tensor)
}

/** Stages of one replica, in order. */
export function pipelineGroup(m: Mesh, rank: number): readonly number[] {
  return groupOf(m, rank, (at, pipeline) => ({ ...at, pipeline }), m.shape.pipeline)
}

/** First and last stage, which both use a tied embedding and sum its gradient; a single rank without a pipeline. */
export function embeddingGroup(m: Mesh, rank: number): readonly number[] {
  const stages = pipelineGroup(m, rank)
  const first = stages[0]
  const last = stages[stages.length - 1]
  if (first === undefined || last === undefined) return []
  return first === last ? [first] : [first, last]
}
