import type { RunConfig } from '../config/types.ts'
import type { OpDraft, RankDraft } from './draft.ts'
import { overlapsReduction } from './recipes.ts'

/**
 * Without overlap the gradients of replicas wait for all compute listed before their reduction, also for what they do not
 * read. In f32 the list alone says so: what executes hands everything to one queue.
 */
export function withoutOverlap(draft: RankDraft, config: RunConfig): RankDraft {
  const { precision, parallel } = config
  if (precision === 'f32' || parallel.data === 1 || overlapsReduction(config)) return draft
  let computed: string | undefined
  const step = draft.step.map((op): OpDraft => {
    if ('segment' in op) computed = op.writes[0] ?? computed
    const waits = 'group' in op && op.traffic === 'gradients' && op.group.length === parallel.data
    if (!waits || computed === undefined || op.reads.includes(computed)) return op
    return { ...op, reads: [...op.reads, computed] }
  })
  return { ...draft, step }
}
