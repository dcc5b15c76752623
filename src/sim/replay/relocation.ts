import type { RunConfig } from '../../config/types.ts'
import type { Op } from '../../schedule/program.ts'
import { scheduleOf, shapeOf } from '../../schedule/registry.ts'
import { coordinatesOf } from '../../strategy/ranks.ts'

/**
 * A rank that walks through another's ops: one of the same shape elsewhere in the pipeline, or a replica that holds alike.
 * Its groups, peers and stages are as far from it as those of the other are from that.
 */
export class Relocation {
  private readonly by: number
  private readonly world: number
  private readonly stages: readonly number[]

  constructor(
    config: RunConfig,
    readonly lowered: number,
    readonly rank: number,
  ) {
    const { data, tensor, pipeline, schedule } = config.parallel
    this.world = data * tensor * pipeline
    const isTrained = rank < this.world && lowered < this.world
    const [from, to] = isTrained
      ? [coordinatesOf(config, lowered).pipeline, coordinatesOf(config, rank).pipeline]
      : [0, 0]
    this.by = (to - from) * data * tensor
    // Only ranks that do not stand at an end share their ops: chunk for chunk the stages of one are those of the other.
    const owners = this.by === 0 ? [] : scheduleOf(schedule).stageToRank(shapeOf(config))
    const ownedBy = (rankOfPipeline: number) =>
      owners.flatMap((owner, stage) => (owner === rankOfPipeline ? [stage] : []))
    const [source, target] = [ownedBy(from), ownedBy(to)]
    const moved: number[] = []
    source.forEach((stage, chunk) => (moved[stage] = target[chunk]!))
    this.stages = moved
  }

  /** The op in the numbers of this rank. */
  op<Each extends Op>(op: Each): Each {
    if (this.by === 0) return op
    const stage = op.stage === undefined ? {} : { stage: this.stages[op.stage] ?? op.stage }
    if ('group' in op) {
      if (op.group.length >= this.world) return op
      const group = op.group.map((rank) => rank + this.by)
      const root = op.root === undefined ? {} : { root: op.root + this.by }
      return { ...op, ...stage, ...root, group, stream: `${op.stream}>${this.by}` }
    }
    return 'peer' in op ? { ...op, ...stage, peer: op.peer + this.by } : { ...op, ...stage }
  }
}
