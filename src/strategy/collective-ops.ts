import type { TrafficKind } from '../core/bytes.ts'
import { WORD_BYTES } from '../core/dtypes.ts'
import type { CollectiveKind, Span } from '../schedule/program.ts'
import type { RunConfig } from '../config/types.ts'
import type { OpDraft } from './draft.ts'
import { buffersOf } from './draft.ts'

export interface CollectiveOptions {
  readonly group: readonly number[]
  readonly source: readonly Span[]
  readonly target: readonly Span[]
  readonly traffic: TrafficKind
  readonly subject: string
  readonly root?: number
  readonly parts?: readonly number[]
  readonly stage?: number
  readonly microbatch?: number
  /** Collectives of one group run in order on one stream; separate lanes let two kinds overlap. */
  readonly lane?: string
  readonly elementBytes?: number
  readonly phase?: 'recompute' | undefined
  readonly mayBeUnread?: true
  /** Buffers the collective must wait for or protect beyond those it moves. */
  readonly alsoReads?: readonly string[]
}

/** A collective op of one member; all members use the same options except their own spans. */
export function collective(kind: CollectiveKind, config: RunConfig, options: CollectiveOptions): OpDraft {
  const { group, source, target, lane = 'group', elementBytes = WORD_BYTES, alsoReads = [], phase, ...rest } = options
  const targets = buffersOf(target)
  return {
    ...rest,
    ...(phase === undefined ? {} : { phase }),
    kind,
    group,
    source,
    target,
    elementBytes,
    algorithm: kind === 'push' || kind === 'pull' ? 'star' : config.parallel.collective,
    stream: `${lane}:${group.join(',')}`,
    reads: [...new Set([...buffersOf(source), ...alsoReads])],
    writes: targets,
  }
}

/** Inserts `op` after the last op that writes one of `names`; at the end when none does. */
export function insertAfterLastWrite(
  ops: readonly OpDraft[],
  insertions: readonly { readonly after: readonly string[]; readonly ops: readonly OpDraft[] }[],
): OpDraft[] {
  const lastWrite = new Map<string, number>()
  for (const [i, op] of ops.entries()) for (const name of op.writes) lastWrite.set(name, i)
  const at = new Map<number, OpDraft[]>()
  for (const { after, ops: inserted } of insertions) {
    const last = after.reduce((most, name) => Math.max(most, lastWrite.get(name) ?? -1), -1)
    const position = after.length === 0 ? ops.length - 1 : last
    at.set(position, [...(at.get(position) ?? []), ...inserted])
  }
  return [...(at.get(-1) ?? []), ...ops.flatMap((op, i) => [op, ...(at.get(i) ?? [])])]
}
