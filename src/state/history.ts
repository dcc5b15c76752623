import type { Draft } from './draft-path.ts'

const MAX_ENTRIES = 100

/** Drafts that can be undone (newest last) and redone (next first). */
export interface History {
  readonly past: readonly Draft[]
  readonly future: readonly Draft[]
}

/** A draft and its history. */
interface Moment extends History {
  readonly draft: Draft
}

export const NO_HISTORY: History = { past: [], future: [] }

/** The history once `draft` is replaced by another. */
export function withPast({ draft, past }: Moment): History {
  return { past: [...past, draft].slice(-MAX_ENTRIES), future: [] }
}

/** The previous draft, or null at the beginning. */
export function undone({ draft, past, future }: Moment): Moment | null {
  const last = past.at(-1)
  return last === undefined ? null : { draft: last, past: past.slice(0, -1), future: [draft, ...future] }
}

/** The draft that was undone, or null. */
export function redone({ draft, past, future }: Moment): Moment | null {
  const next = future[0]
  return next === undefined ? null : { draft: next, past: [...past, draft], future: future.slice(1) }
}
