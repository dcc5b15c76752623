import type { MemberPlan } from '../../comm/plan.ts'
import type { Range } from '../../comm/steps.ts'

/**
 * A member's plan cut into chunks. Sends and receives are two loops that run concurrently, each in its own order; a
 * piece waits only for earlier pieces of the other loop that touch the same range. Every element therefore sees the
 * same operations in the same order whatever the chunk size.
 */
export interface PlanPiece extends Range {
  readonly peer: number
  /** null for a send. */
  readonly mode: 'combine' | 'copy' | null
  /** No earlier receive touches the range: its current value is in the source. */
  readonly fresh: boolean
  /** No later receive touches the range. */
  readonly final: boolean
  /** Pieces of the other loop that must finish first. */
  readonly after: number
}

export interface PlanPieces {
  readonly sends: readonly PlanPiece[]
  readonly recvs: readonly PlanPiece[]
  /** Ranges of `keeps` that are never received: they come from the member's own source. */
  readonly own: readonly Range[]
}

function overlaps(a: Range, b: Range): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length
}

export function cut(range: Range, chunk: number): Range[] {
  const pieces: Range[] = []
  const end = range.offset + range.length
  for (let offset = range.offset; offset < end; offset += chunk) {
    pieces.push({ offset, length: Math.min(chunk, end - offset) })
  }
  return pieces
}

/** Parts of `range` outside all of `holes`. */
function without(range: Range, holes: readonly Range[]): Range[] {
  let left = range.length === 0 ? [] : [range]
  for (const hole of holes) {
    left = left.flatMap((part) => {
      if (!overlaps(part, hole)) return [part]
      const head = { offset: part.offset, length: hole.offset - part.offset }
      const tail = hole.offset + hole.length
      return [head, { offset: tail, length: part.offset + part.length - tail }].filter((rest) => rest.length > 0)
    })
  }
  return left
}

/** One past the last piece that touches the range, 0 when none does. */
function lastTouching(pieces: readonly Range[], range: Range): number {
  for (let i = pieces.length - 1; i >= 0; i--) {
    const piece = pieces[i]
    if (piece !== undefined && overlaps(piece, range)) return i + 1
  }
  return 0
}

export function piecesOf(plan: MemberPlan, chunk: number): PlanPieces {
  const sends: PlanPiece[] = []
  const recvs: PlanPiece[] = []
  for (const [at, step] of plan.steps.entries()) {
    const fresh = !plan.steps.slice(0, at).some((earlier) => earlier.kind === 'recv' && overlaps(earlier, step))
    const final = !plan.steps.slice(at + 1).some((later) => later.kind === 'recv' && overlaps(later, step))
    const other = step.kind === 'send' ? recvs : sends
    const own = step.kind === 'send' ? sends : recvs
    // Pieces of the other loop from earlier steps; the step's own pieces cannot be among them.
    const before = other.length
    const mode = step.kind === 'recv' ? step.mode : null
    for (const range of cut(step, chunk)) {
      const after = lastTouching(other.slice(0, before), range)
      own.push({ ...range, peer: step.peer, mode, fresh, final, after })
    }
  }
  return {
    sends,
    recvs,
    own: without(
      plan.keeps,
      plan.steps.filter((step) => step.kind === 'recv'),
    ),
  }
}
