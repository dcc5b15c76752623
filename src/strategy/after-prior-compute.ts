import { axesAcross } from '../core/mesh.ts'
import type { TrafficKind } from '../core/bytes.ts'
import type { RunConfig } from '../config/types.ts'
import { isCollective, isCompute } from '../schedule/op-kinds.ts'
import type { OpDraft, RankDraft } from './draft.ts'
import { overlapsReduction } from './recipes.ts'

/**
 * A communication library starts a collective after the compute launched before it, even if it does not read its
 * output. This holds for tensor groups, and for replicas' gradients and parameters where nothing overlaps. In f32 list
 * order suffices: the executor enqueues everything in one queue.
 */
export function afterPriorCompute(draft: RankDraft, config: RunConfig): RankDraft {
  const { precision, parallel } = config
  const replicated = parallel.data > 1
  const inTurn: readonly TrafficKind[] = [
    ...(replicated && !overlapsReduction(config) ? (['gradients'] as const) : []),
    ...(replicated && !parallel.overlap ? (['parameters'] as const) : []),
  ]
  if (precision === 'f32' || (parallel.tensor === 1 && inTurn.length === 0)) return draft
  /** Not ranks of other stages, which may be waiting for later compute. */
  const areReplicas = (group: readonly number[]) => {
    const axes = axesAcross(config.parallel, group)
    return axes.every((axis) => axis === 'data')
  }
  let computed: string | undefined
  /** What a recomputation exchanged once more: the call returns when it is there, although nobody may read it. */
  let repeated: readonly string[] = []
  const step = draft.step.map((op): OpDraft => {
    if (isCompute(op)) {
      computed = op.writes[0] ?? computed
      const awaited = repeated.filter((name) => !op.reads.includes(name) && !op.writes.includes(name))
      repeated = []
      return awaited.length === 0 ? op : { ...op, reads: [...op.reads, ...awaited] }
    }
    if (!isCollective(op)) return op
    if (op.phase === 'recompute' && op.stream.startsWith('tensor:')) repeated = [...repeated, ...op.writes]
    const isInTurn = inTurn.includes(op.traffic) && areReplicas(op.group)
    if (!(isInTurn || op.stream.startsWith('tensor:')) || computed === undefined || op.reads.includes(computed))
      return op
    return { ...op, reads: [...op.reads, computed] }
  })
  return { ...draft, step }
}
