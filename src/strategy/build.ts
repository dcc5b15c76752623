import type { RunConfig } from '../config/types.ts'
import { dealBatch, exchangeableParts } from './deal-batch.ts'
import type { Program } from '../schedule/program.ts'
import type { Action } from '../schedule/actions.ts'
import { actionsOf } from '../schedule/registry.ts'
import { buffer, finishRank } from './draft.ts'
import type { Layout } from './layout.ts'
import { layoutOf, parametersOn } from './layout.ts'
import { lowerActions } from './lower-actions.ts'
import { checkProgramSize } from './program-size.ts'
import type { ComputeRank } from './ranks.ts'
import { rankAt } from './ranks.ts'
import { reducedApart } from './data/owner-reduction.ts'
import { DATA_STRATEGIES } from './registry.ts'
import { withSequenceGradients } from './sequence-gradients.ts'
import { withTiedEmbedding } from './tied-embedding.ts'
import { withWorkspace } from './workspace.ts'

/** Forward and backward of one rank, before any exchange between replicas. */
function computeRank(
  layout: Layout,
  coordinates: ComputeRank['coordinates'],
  orders: { actions: readonly (readonly Action[])[]; stageToRank: readonly number[] },
  microbatches: readonly (readonly number[])[],
): ComputeRank {
  const { config, stages } = layout
  const { data, pipeline, tensor } = coordinates
  const writer = lowerActions(orders.actions[pipeline]!, {
    layout,
    coordinates,
    microbatches,
    stageToRank: orders.stageToRank,
    rankOf: (p) => rankAt(config, { data, pipeline: p, tensor }),
    forwardOnly: false,
    apart: reducedApart(config),
  })
  const own = stages.filter((stage) => orders.stageToRank[stage.index] === pipeline)
  const parameters = parametersOn(layout, own)
  const head = own.some((stage) => stage.head)
  const rank: ComputeRank = {
    rank: rankAt(config, coordinates),
    coordinates,
    dataGroup: Array.from({ length: config.parallel.data }, (_, d) => rankAt(config, { data: d, pipeline, tensor })),
    buffers: head ? [...writer.buffers, buffer('loss', 'workspace', 1, { persistent: true })] : writer.buffers,
    ops: writer.ops,
    parameters,
    countedElsewhere: new Set(),
    // Every tensor rank computes the same loss.
    reportsLoss: head && tensor === 0,
  }
  return withTiedEmbedding(withSequenceGradients(rank, layout), layout, orders.stageToRank)
}

function groupsOf(config: RunConfig): Program['groups'] {
  const { data: D, tensor: T, pipeline: P } = config.parallel
  const range = (n: number) => Array.from({ length: n }, (_, i) => i)
  const at = (data: number, pipeline: number, tensor: number) => rankAt(config, { data, pipeline, tensor })
  return {
    data: range(P).flatMap((p) => range(T).map((t) => range(D).map((d) => at(d, p, t)))),
    tensor: range(P).flatMap((p) => range(D).map((d) => range(T).map((t) => at(d, p, t)))),
    pipeline: range(D).flatMap((d) => range(T).map((t) => range(P).map((p) => at(d, p, t)))),
  }
}

/**
 * Configuration → Program: pipeline order → segments → edges between stages → exchange between replicas → optimizer →
 * workspace. Pure: equal configurations give equal Programs. Throws RefusedError for what no strategy covers.
 */
export function buildProgram(config: RunConfig): Program {
  checkProgramSize(config)
  const layout = layoutOf(config)
  const { data: D, tensor: T, pipeline: P } = config.parallel
  const orders = actionsOf(config)
  const dealt = config.parallel.server.async ? exchangeableParts(config) : dealBatch(config)
  const ranks: ComputeRank[] = []
  for (let pipeline = 0; pipeline < P; pipeline++)
    for (let data = 0; data < D; data++)
      for (let tensor = 0; tensor < T; tensor++)
        ranks.push(computeRank(layout, { data, pipeline, tensor }, orders, dealt[data]!))
  const strategy = DATA_STRATEGIES.find((each) => each.applies(config))!
  const drafts = strategy.lower({ config, layout, ranks })
  const finished = drafts.map((draft) => finishRank(withWorkspace(draft)))
  return { world: finished.length, ranks: finished, groups: groupsOf(config) }
}
