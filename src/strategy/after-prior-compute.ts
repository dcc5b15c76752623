import { axesAcross } from '../core/mesh.ts'
import type { TrafficKind } from '../core/bytes.ts'
import type { RunConfig } from '../config/types.ts'
import { isCollective, isCompute } from '../schedule/op-kinds.ts'
import type { OpDraft, RankDraft } from './draft.ts'
import { overlapsReduction } from './recipes.ts'

/**
 * A communication library starts a collective only after the compute launched before it, even if it does not read that
 * compute's output. This applies to tensor groups, and to replicas' gradients and parameters where nothing overlaps. In
 * f32 list order suffices: the executor enqueues everything in one queue.
 */
export function afterPriorCompute(draft: RankDraft, config: RunConfig): RankDraft {
  const { precision, parallel } = config
  const replicated = parallel.data > 1
  const orderedTraffic: readonly TrafficKind[] = [
    ...(replicated && !overlapsReduction(config) ? (['gradients'] as const) : []),
    ...(replicated && !parallel.overlap ? (['parameters'] as const) : []),
  ]
  if (precision === 'f32' || (parallel.tensor === 1 && orderedTraffic.length === 0)) return draft
  /** False for groups with ranks of other stages, which may be waiting for later compute. */
  const areReplicas = (group: readonly number[]) => {
    const axes = axesAcross(config.parallel, group)
    return axes.every((axis) => axis === 'data')
  }
  let lastComputed: string | undefined
  /**
   * Outputs exchanged again by a recomputation: the call returns once they have arrived, even if nothing reads them.
   */
  let recomputed: readonly string[] = []
  const step = draft.step.map((op): OpDraft => {
    if (isCompute(op)) {
      lastComputed = op.writes[0] ?? lastComputed
      const awaited = recomputed.filter((name) => !op.reads.includes(name) && !op.writes.includes(name))
      recomputed = []
      return awaited.length === 0 ? op : { ...op, reads: [...op.reads, ...awaited] }
    }
    if (!isCollective(op)) return op
    if (op.phase === 'recompute' && op.stream.startsWith('tensor:')) recomputed = [...recomputed, ...op.writes]
    const isOrdered = orderedTraffic.includes(op.traffic) && areReplicas(op.group)
    if (
      !(isOrdered || op.stream.startsWith('tensor:')) ||
      lastComputed === undefined ||
      op.reads.includes(lastComputed)
    )
      return op
    return { ...op, reads: [...op.reads, lastComputed] }
  })
  return { ...draft, step }
}
