import type { RankView } from '../../state/run-state.ts'
import type { Plan, TimelineSpan } from '../../state/session.ts'

const isBackward = (kind: TimelineSpan['kind']) => kind.startsWith('backward')

/** The schedule's cells at which the ranks of a run are. Recomputation belongs to its backward. */
export function currentCells({ describe, ideal }: Plan, ranks: readonly RankView[]): ReadonlySet<TimelineSpan> {
  const found = ranks.flatMap(({ op }, rank): TimelineSpan[] => {
    const note = op === null ? null : describe(rank, op)
    if (note === null || note.microbatch === null) return []
    const { kind, microbatch, stage } = note
    const own = ideal.spans.filter(
      (span) => span.row === rank && span.microbatch === microbatch && span.stage === stage,
    )
    const cell =
      own.find((span) => span.kind === kind) ??
      (isBackward(kind) || kind === 'recompute' ? own.find((span) => isBackward(span.kind)) : undefined)
    return cell ? [cell] : []
  })
  return new Set(found)
}
