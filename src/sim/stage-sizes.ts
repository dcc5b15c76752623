import type { ModelConfig } from '../config/types.ts'
import { scheduleOf } from '../schedule/registry.ts'
import { balancedBlocks } from '../strategy/stages.ts'
import type { StepSetup } from './step-setup.ts'

/** Parameters of one block over all tensor ranks. */
function blockParameters({ embed: C, heads, kvHeads, headSize, ffn, family }: ModelConfig): number {
  const [q, kv] = [heads * headSize, kvHeads * headSize]
  if (family === 'llama') return C * (q + 2 * kv) + q * C + 3 * C * ffn + 2 * C
  return C * 3 * q + 3 * q + q * C + C + 2 * C * ffn + ffn + C + 4 * C
}

/** Sizes differ by at most one, larger first. */
function evenBlocks(layers: number, stages: number): number[] {
  return Array.from({ length: stages }, (_, i) => Math.floor(layers / stages) + (i < layers % stages ? 1 : 0))
}

/** Blocks of every virtual stage. */
export function blocksPerStage({ model, pipeline, chunks, partition }: StepSetup): readonly number[] {
  const stages = pipeline * chunks
  if (partition === 'balanced') {
    // The head counts as many blocks as it has a block's parameters.
    const head = (model.vocab * model.embed) / blockParameters(model)
    return balancedBlocks(new Array<number>(model.layers).fill(1), stages, 0, head)
  }
  return partition ?? evenBlocks(model.layers, stages)
}

export interface RankSize {
  readonly parameters: number
  readonly tensors: number
}

/** Parameters of a block, of the embedding table, and of every pipeline rank; before any sharding over replicas. */
export function parametersPerRank(s: StepSetup): { block: number; table: number; ranks: readonly RankSize[] } {
  const { model, tensor: t, pipeline: p, chunks } = s
  const blocks = blocksPerStage(s)
  const last = blocks.length - 1
  const owners = scheduleOf(s.schedule).stageToRank({ stages: p, microbatches: s.microbatches, chunks })
  const block = blockParameters(model) / t
  const table = (model.vocab * model.embed) / t
  const positions = model.family === 'gpt2' ? model.context * model.embed : 0
  const norm = model.embed * (model.family === 'gpt2' ? 2 : 1)
  const ranks = Array.from({ length: p }, () => ({ parameters: 0, tensors: 0 }))
  blocks.forEach((n, stage) => {
    const rank = ranks[owners[stage]!]!
    // A tied head on another rank than the embedding keeps a copy of the table.
    const ownHead = stage === last && (last > 0 || !model.tied)
    rank.parameters += n * block + (stage === 0 ? table + positions : 0) + (ownHead ? table : 0)
    if (stage === last) rank.parameters += norm
    rank.tensors += n * 12 + 2
  })
  return { block, table, ranks }
}
