import { MESH_AXES, coordinatesAt, groupAlong, groupsAlong, meshSize, rankAt } from '../core/mesh.ts'
import type { Coordinates } from '../core/mesh.ts'
import type { RunConfig } from '../config/types.ts'
import { splitBatch, equallyShapedParts } from './split-batch.ts'
import type { Program, RankProgram } from '../schedule/program.ts'
import type { Action } from '../schedule/actions.ts'
import { actionsOf } from '../schedule/registry.ts'
import { finishRank } from './draft.ts'
import type { Layout } from './layout.ts'
import { layoutOf, parametersOn } from './layout.ts'
import { lossBuffer } from './optimizer-tail.ts'
import { lowerActions } from './lower-actions.ts'
import { checkProgramSize } from './program-size.ts'
import type { ComputeRank } from './ranks.ts'

import { afterPriorCompute } from './after-prior-compute.ts'
import { withPrecision } from './precision.ts'
import { reducedPerMicrobatch } from './data/owner-reduction.ts'
import { DATA_STRATEGIES } from './registry.ts'
import type { DataStrategy } from './registry.ts'
import { withSequenceGradients } from './sequence-gradients.ts'
import { withTiedEmbedding } from './tied-embedding.ts'
import { habitsOf } from './recipes.ts'
import { withSoftware } from './workspace.ts'

/** What a rank does, stage by stage, and the placement of virtual stages. */
export interface Orders {
  readonly actionsOf: (at: Coordinates) => readonly Action[]
  /** Pipeline rank of every virtual stage. */
  readonly stageToRank: readonly number[]
}

/** Lowers ranks one by one: pipeline order → segments → edges between stages → exchange between replicas → workspace. */
export class ProgramBuilder {
  readonly layout: Layout
  readonly world: readonly number[]
  /** Total ranks; those without a device come last. */
  readonly ranks: number
  private readonly dealt: readonly (readonly (readonly number[])[])[]
  private readonly lowered = new Map<number, ComputeRank>()

  constructor(
    readonly config: RunConfig,
    readonly orders: Orders,
  ) {
    this.layout = layoutOf(config)
    this.world = Array.from({ length: meshSize(config.parallel) }, (_, rank) => rank)
    this.ranks = this.world.length + (this.strategy.servers?.(config) ?? 0)
    this.dealt = config.parallel.server.async ? equallyShapedParts(config) : splitBatch(config)
  }

  private get strategy(): DataStrategy {
    return DATA_STRATEGIES.find((each) => each.applies(this.config))!
  }

  /** Samples of each micro-batch of a replica. */
  samplesOf(data: number): readonly (readonly number[])[] {
    return this.dealt[data]!
  }

  /** One rank's Program. */
  rank(number: number): RankProgram {
    const { config, layout, world } = this
    const draft = this.strategy.lower(number, { config, layout, world, rank: (each) => this.computeRank(each) })
    return finishRank(
      withSoftware(withPrecision(afterPriorCompute(draft, config), config), config),
      habitsOf(config).reuse,
    )
  }

  /** Forward and backward of one rank, before any exchange between replicas. */
  private computeRank(number: number): ComputeRank {
    const known = this.lowered.get(number)
    if (known) return known
    const { config, layout, orders } = this
    const coordinates = coordinatesAt(config.parallel, number)
    const { data, pipeline, tensor } = coordinates
    const actions = orders.actionsOf(coordinates)
    const writer = lowerActions(actions, {
      layout,
      coordinates,
      microbatches: this.samplesOf(data),
      stageToRank: orders.stageToRank,
      rankOf: (p) => rankAt(config.parallel, { data, pipeline: p, tensor }),
      forwardOnly: false,
      perMicrobatch: reducedPerMicrobatch(config),
    })
    const own = layout.stages.filter((stage) => orders.stageToRank[stage.index] === pipeline)
    const head = own.some((stage) => stage.head)
    const rank: ComputeRank = {
      rank: number,
      coordinates,
      dataGroup: groupAlong(config.parallel, coordinates, 'data'),
      buffers: head ? [...writer.buffers, lossBuffer()] : writer.buffers,
      ops: writer.ops,
      microbatches: [...new Set(actions.map(({ microbatch }) => microbatch))].sort((a, b) => a - b),
      parameters: parametersOn(layout, own),
      countedElsewhere: new Set(),
      // Every tensor rank computes the same loss.
      reportsLoss: head && tensor === 0,
    }
    const finished = withTiedEmbedding(withSequenceGradients(rank, layout), layout, orders.stageToRank)
    this.lowered.set(number, finished)
    return finished
  }
}

function groupsOf({ parallel }: RunConfig): Program['groups'] {
  return Object.fromEntries(MESH_AXES.map((axis) => [axis, groupsAlong(parallel, axis)]))
}

/**
 * Configuration → Program for execution, with every rank and op. Pure: equal configurations give equal Programs. Throws
 * RefusedError for what no strategy covers.
 */
export function buildProgram(config: RunConfig): Program {
  checkProgramSize(config)
  const { actions, stageToRank } = actionsOf(config)
  const builder = new ProgramBuilder(config, { actionsOf: ({ pipeline }) => actions[pipeline]!, stageToRank })
  const ranks = Array.from({ length: builder.ranks }, (_, rank) => builder.rank(rank))
  return { world: ranks.length, ranks, groups: groupsOf(config) }
}
