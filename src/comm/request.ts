import { refused } from '../core/errors.ts'
import { lengthOf } from '../core/parts.ts'
import type { PlanAlgorithm, PlanKind, PlanRequest } from './steps.ts'

/** The parts of a Program's collective op that determine its plan (schedule/program.ts has the op itself). */
export interface CollectiveLike {
  readonly kind: PlanKind | 'push' | 'pull'
  readonly group: readonly number[]
  readonly root?: number
  readonly source: readonly { readonly length: number }[]
  readonly target: readonly { readonly length: number }[]
  readonly parts?: readonly number[]
  readonly algorithm: PlanAlgorithm
}

/**
 * The plan request of a collective op: push is a reduce to the root, pull a broadcast from it; the root becomes a
 * member index. Members that contribute or receive nothing have an empty side, so the whole is the longer of the two.
 */
export function requestOf(op: CollectiveLike): PlanRequest {
  const kind = op.kind === 'push' ? 'reduce' : op.kind === 'pull' ? 'broadcast' : op.kind
  const size = op.group.length
  const root = op.root === undefined ? undefined : op.group.indexOf(op.root)
  if (root === -1) throw refused('root', 'root-not-in-group', { root: op.root!, group: op.group.join(', ') })
  const elements =
    op.parts === undefined
      ? Math.max(lengthOf(op.source), lengthOf(op.target))
      : op.parts.reduce((sum, length) => sum + length, 0)
  return {
    kind,
    algorithm: op.algorithm,
    size,
    elements,
    ...(op.parts === undefined ? {} : { parts: op.parts }),
    ...(root === undefined ? {} : { root }),
  }
}
