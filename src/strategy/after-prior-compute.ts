import { axesAcross } from '../core/mesh.ts'
import type { RunConfig } from '../config/types.ts'
import type { OpDraft, RankDraft } from './draft.ts'
import { overlapsReduction } from './recipes.ts'

/**
 * A communication library starts a collective behind the compute that was launched before it, also where it does not read what
 * that makes. Ranks of a tensor group exchange so always, replicas their gradients where nothing overlaps. In f32 the list
 * alone says so: what executes hands everything to one queue.
 */
export function afterPriorCompute(draft: RankDraft, config: RunConfig): RankDraft {
  const { precision, parallel } = config
  const reduces = parallel.data > 1 && !overlapsReduction(config)
  if (precision === 'f32' || (parallel.tensor === 1 && !reduces)) return draft
  /** Not ranks of other stages, which may be waiting for compute that comes after. */
  const areReplicas = (group: readonly number[]) => {
    const axes = axesAcross(config.parallel, group)
    return axes.every((axis) => axis === 'data')
  }
  let computed: string | undefined
  const step = draft.step.map((op): OpDraft => {
    if ('segment' in op) computed = op.writes[0] ?? computed
    if (!('group' in op)) return op
    const isReduction = reduces && op.traffic === 'gradients' && areReplicas(op.group)
    if (!(isReduction || op.stream.startsWith('tensor:')) || computed === undefined || op.reads.includes(computed))
      return op
    return { ...op, reads: [...op.reads, computed] }
  })
  return { ...draft, step }
}
