import { collective, insertAfterLastWrite } from './collective-ops.ts'
import { span } from './draft.ts'
import type { Layout } from './layout.ts'
import type { ComputeRank } from './ranks.ts'
import { tensorGroup } from './tensor-link.ts'

/**
 * Sequence parallelism: norms and biases on the residual stream are replicated on every tensor rank, but each sees only
 * its own rows, so their gradients are summed over the tensor group (Korthikanti et al. 2022). Positions are not among
 * them: their gradient comes from all rows.
 */
export function withSequenceGradients(rank: ComputeRank, { config }: Layout): ComputeRank {
  const partial = new Map(
    rank.parameters.filter(({ summedOver }) => summedOver.includes('tensor')).map((each) => [each.name, each]),
  )
  if (partial.size === 0) return rank
  const byMicrobatch = new Map<number | undefined, { buffer: string; elements: number }[]>()
  for (const { name, role, tensor, microbatch } of rank.buffers) {
    const found = role === 'gradient' ? partial.get(tensor) : undefined
    if (found)
      byMicrobatch.set(microbatch, [
        ...(byMicrobatch.get(microbatch) ?? []),
        { buffer: name, elements: found.elements },
      ])
  }
  const insertions = [...byMicrobatch.values()].map((gradients) => {
    const spans = gradients.map((each) => span(each.buffer, each.elements))
    const op = collective('allReduce', config, {
      group: tensorGroup(config, rank.coordinates),
      lane: 'sequence',
      source: spans,
      target: spans,
      traffic: 'gradients',
      subject: 'norms and biases',
    })
    return { after: gradients.map((each) => each.buffer), ops: [op] }
  })
  return { ...rank, ops: insertAfterLastWrite(rank.ops, insertions) }
}
