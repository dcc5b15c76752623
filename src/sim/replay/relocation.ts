import type { RunConfig } from '../../config/types.ts'
import { MESH_AXES, axesAcross, coordinatesAt, meshSize, strideOf, type MeshAxis } from '../../core/mesh.ts'
import { isCollective, isMessage } from '../../schedule/op-kinds.ts'
import type { Op } from '../../schedule/program.ts'

/**
 * Lets a rank walk another's ops: those of a rank of the same shape elsewhere in the pipeline, or of an equal replica.
 * Groups, peers and stages keep their distance from the rank.
 */
export class Relocation {
  /** Ranks from the lowered rank to this one, along each axis. */
  private readonly offsets: Readonly<Record<MeshAxis, number>>
  private readonly moves: boolean
  private readonly movedStages: readonly number[]
  private readonly offsetOfGroup = new Map<readonly number[], number>()

  constructor(
    private readonly config: RunConfig,
    readonly lowered: number,
    readonly rank: number,
    /** By stage, the pipeline rank that has it. */
    stageToRank: readonly number[],
  ) {
    const { parallel } = config
    const world = meshSize(parallel)
    this.moves = rank !== lowered && rank < world && lowered < world
    const [from, to] = this.moves
      ? [coordinatesAt(parallel, lowered), coordinatesAt(parallel, rank)]
      : [coordinatesAt(parallel, 0), coordinatesAt(parallel, 0)]
    const distance = (axis: MeshAxis) => (to[axis] - from[axis]) * strideOf(parallel, axis)
    this.offsets = { tensor: distance('tensor'), data: distance('data'), pipeline: distance('pipeline') }
    // Ranks that share ops have the same chunks: stages map chunk by chunk.
    const owners = from.pipeline === to.pipeline ? [] : stageToRank
    const ownedBy = (rankOfPipeline: number) =>
      owners.flatMap((owner, stage) => (owner === rankOfPipeline ? [stage] : []))
    const [source, target] = [ownedBy(from.pipeline), ownedBy(to.pipeline)]
    const moved: number[] = []
    source.forEach((stage, chunk) => (moved[stage] = target[chunk]!))
    this.movedStages = moved
  }

  /** How far a group moves: by the offsets along the axes it does not span. */
  private groupOffset(group: readonly number[]): number {
    const known = this.offsetOfGroup.get(group)
    if (known !== undefined) return known
    const world = meshSize(this.config.parallel)
    const across = axesAcross(
      this.config.parallel,
      group.filter((rank) => rank < world),
    )
    const offset = MESH_AXES.reduce((sum, axis) => sum + (across.includes(axis) ? 0 : this.offsets[axis]), 0)
    this.offsetOfGroup.set(group, offset)
    return offset
  }

  /** The op with this rank's stages, groups and peers. */
  relocate<Each extends Op>(op: Each): Each {
    if (!this.moves) return op
    const stage = op.stage === undefined ? {} : { stage: this.movedStages[op.stage] ?? op.stage }
    if (isCollective(op)) {
      const offset = this.groupOffset(op.group)
      if (offset === 0) return { ...op, ...stage }
      const root = op.root === undefined ? {} : { root: op.root + offset }
      return {
        ...op,
        ...stage,
        ...root,
        group: op.group.map((rank) => rank + offset),
        stream: `${op.stream}>${offset}`,
      }
    }
    if (!isMessage(op)) return { ...op, ...stage }
    const { tensor, data, pipeline } = this.offsets
    return { ...op, ...stage, peer: op.peer + tensor + data + pipeline }
  }
}
