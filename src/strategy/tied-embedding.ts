import { rankAt } from '../core/mesh.ts'
import type { RunConfig } from '../config/types.ts'
import { headWeightName } from '../model/parameters.ts'
import { collective, insertAfterLastWrite } from './collective-ops.ts'
import { span } from './draft.ts'
import type { Layout } from './layout.ts'
import type { ComputeRank } from './ranks.ts'
import { gradBuffer } from './ranks.ts'

/** The parameter that another stage may hold a copy of, or null. */
export function sharedTiedParameter({ model, parallel }: RunConfig): string | null {
  return model.tied && parallel.pipeline > 1 ? headWeightName(model) : null
}

/**
 * A tied embedding on the first and the last stage: both ranks hold it, each computes its part of the gradient (rows
 * looked up, the head's product), and an all-reduce gives both the sum. The first counts it for the norm.
 */
export function withTiedEmbedding(rank: ComputeRank, layout: Layout, stageToRank: readonly number[]): ComputeRank {
  const { config, stages } = layout
  const first = stageToRank[0]!
  const last = stageToRank[stages.length - 1]!
  const held = rank.parameters.find(({ summedOver }) => summedOver.includes('pipeline'))
  if (held === undefined) return rank
  const { data, tensor, pipeline } = rank.coordinates
  const group = [first, last].map((p) => rankAt(config.parallel, { data, pipeline: p, tensor }))
  const spans = [span(gradBuffer(held.name), held.elements)]
  const op = collective('allReduce', config, {
    group,
    source: spans,
    target: spans,
    traffic: 'gradients',
    subject: 'tied embedding',
    lane: 'tied',
  })
  return {
    ...rank,
    ops: insertAfterLastWrite(rank.ops, [{ after: [gradBuffer(held.name)], ops: [op] }]),
    countedElsewhere: pipeline === last ? new Set([held.name]) : new Set(),
  }
}
