import { evenParts } from '../core/parts.ts'
import type { RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import { parameterTable } from '../model/parameters.ts'

/** A virtual pipeline stage: blocks [first, end), the embedding on stage 0, final norm and head on the last. */
export interface Stage {
  readonly index: number
  readonly first: number
  readonly end: number
  readonly embedding: boolean
  readonly head: boolean
}

/** ceil(L/n) blocks each, as Hugging Face's get_device_map; where that leaves a stage empty, as even as possible. */
function evenBlocks(layers: number, stages: number): number[] {
  const each = Math.ceil(layers / stages)
  const counts = Array.from({ length: stages }, (_, i) => Math.max(0, Math.min(each, layers - i * each)))
  return counts.includes(0) ? evenParts(layers, stages) : counts
}

/**
 * Contiguous split of weights into `stages` parts with the smallest maximum (dynamic programming, O(stages·n²)). Ties
 * prefer earlier parts larger. `head` and `tail` are added to the first and last part.
 */
export function balancedBlocks(costs: readonly number[], stages: number, head: number, tail: number): number[] {
  const n = costs.length
  const sums = [0]
  for (const cost of costs) sums.push(sums.at(-1)! + cost)
  const extra = (stage: number) => (stage === 0 ? head : 0) + (stage === stages - 1 ? tail : 0)
  // best[s][i]: smallest maximum of placing the first i blocks on stages 0…s; cut[s][i]: where stage s begins
  const best: number[][] = []
  const cut: number[][] = []
  for (let s = 0; s < stages; s++) {
    const row: number[] = []
    const cuts: number[] = []
    for (let i = 0; i <= n; i++) {
      let value = Infinity
      let at = 0
      for (let j = s === 0 ? 0 : i; j >= 0; j--) {
        if (s === 0 && j > 0) continue
        const own = sums[i]! - sums[j]! + extra(s)
        const candidate = Math.max(own, s === 0 ? 0 : best[s - 1]![j]!)
        if (candidate < value) [value, at] = [candidate, j]
      }
      row.push(value)
      cuts.push(at)
    }
    best.push(row)
    cut.push(cuts)
  }
  const counts: number[] = []
  let end = n
  for (let s = stages - 1; s >= 0; s--) {
    const start = cut[s]![end]!
    counts.unshift(end - start)
    end = start
  }
  return counts
}

/** Cost of a block, of the embedding and of the head in multiply-adds per token, for `balanced`. */
function segmentCosts(config: RunConfig): { block: number; embedding: number; head: number } {
  const { embed: C, vocab } = config.model
  const weights = parameterTable({ ...config.model, layers: 1 }).filter(({ block, decay }) => block === 0 && decay)
  const block = weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
  return { block: block + config.batch.sequence * C, embedding: C, head: vocab * C }
}

/** Blocks per virtual stage under `parallel.partition`. */
export function blocksPerStage(config: RunConfig): number[] {
  const { layers } = config.model
  const stages = config.parallel.pipeline * config.parallel.chunks
  const { partition } = config.parallel
  if (partition === 'even') return evenBlocks(layers, stages)
  if (partition === 'balanced') {
    const { block, embedding, head } = segmentCosts(config)
    return balancedBlocks(
      Array.from({ length: layers }, () => block),
      stages,
      embedding,
      head,
    )
  }
  if (partition.length !== stages || partition.reduce((a, b) => a + b, 0) !== layers)
    throw refused('parallel.partition', 'partition-differs', { partition: partition.join(', '), stages, layers })
  return [...partition]
}

export function stagesOf(config: RunConfig): Stage[] {
  const counts = blocksPerStage(config)
  let first = 0
  return counts.map((count, index) => {
    const stage = { index, first, end: first + count, embedding: index === 0, head: index === counts.length - 1 }
    first += count
    return stage
  })
}
