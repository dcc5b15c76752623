import type { RunConfig } from '../../config/types.ts'
import { MESH_AXES, axesAcross, coordinatesAt, meshSize, strideOf, type MeshAxis } from '../../core/mesh.ts'
import type { Op } from '../../schedule/program.ts'
import { scheduleOf, shapeOf } from '../../schedule/registry.ts'

/**
 * A rank that walks through another's ops: one of the same shape elsewhere in the pipeline, or a replica that holds alike.
 * Its groups, peers and stages are as far from it as those of the other are from that.
 */
export class Relocation {
  /** Ranks from the one to the other, along each axis. */
  private readonly along: Readonly<Record<MeshAxis, number>>
  private readonly moves: boolean
  private readonly stages: readonly number[]
  private readonly byGroup = new Map<readonly number[], number>()

  constructor(
    private readonly config: RunConfig,
    readonly lowered: number,
    readonly rank: number,
  ) {
    const { parallel } = config
    const world = meshSize(parallel)
    this.moves = rank !== lowered && rank < world && lowered < world
    const [from, to] = this.moves
      ? [coordinatesAt(parallel, lowered), coordinatesAt(parallel, rank)]
      : [coordinatesAt(parallel, 0), coordinatesAt(parallel, 0)]
    const distance = (axis: MeshAxis) => (to[axis] - from[axis]) * strideOf(parallel, axis)
    this.along = { tensor: distance('tensor'), data: distance('data'), pipeline: distance('pipeline') }
    // Only ranks that do not stand at an end share their ops: chunk for chunk the stages of one are those of the other.
    const owners = from.pipeline === to.pipeline ? [] : scheduleOf(parallel.schedule).stageToRank(shapeOf(config))
    const ownedBy = (rankOfPipeline: number) =>
      owners.flatMap((owner, stage) => (owner === rankOfPipeline ? [stage] : []))
    const [source, target] = [ownedBy(from.pipeline), ownedBy(to.pipeline)]
    const moved: number[] = []
    source.forEach((stage, chunk) => (moved[stage] = target[chunk]!))
    this.stages = moved
  }

  /** How far a group moves: along the axes that it does not span. */
  private groupBy(group: readonly number[]): number {
    const known = this.byGroup.get(group)
    if (known !== undefined) return known
    const world = meshSize(this.config.parallel)
    const across = axesAcross(
      this.config.parallel,
      group.filter((rank) => rank < world),
    )
    const by = MESH_AXES.reduce((sum, axis) => sum + (across.includes(axis) ? 0 : this.along[axis]), 0)
    this.byGroup.set(group, by)
    return by
  }

  /** The op in the numbers of this rank. */
  op<Each extends Op>(op: Each): Each {
    if (!this.moves) return op
    const stage = op.stage === undefined ? {} : { stage: this.stages[op.stage] ?? op.stage }
    if ('group' in op) {
      const by = this.groupBy(op.group)
      if (by === 0) return { ...op, ...stage }
      const root = op.root === undefined ? {} : { root: op.root + by }
      return { ...op, ...stage, ...root, group: op.group.map((rank) => rank + by), stream: `${op.stream}>${by}` }
    }
    if (!('peer' in op)) return { ...op, ...stage }
    const { tensor, data, pipeline } = this.along
    return { ...op, ...stage, peer: op.peer + tensor + data + pipeline }
  }
}
