import { isBackward } from '../../schedule/span-kinds.ts'
import type { RankView } from '../../state/run-state.ts'
import type { Plan, TimelineSpan } from '../../state/session.ts'

/** The cells of the schedule in which the ranks of a run stand. Recomputation belongs to the backward it is for. */
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
