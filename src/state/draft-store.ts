import { createStore } from 'zustand/vanilla'
import type { RunConfig } from '../config/types.ts'
import type { Draft, DraftValue } from './draft-path.ts'
import { removePath, writePath } from './draft-path.ts'
import type { Problem, Session } from './session.ts'

const HISTORY = 100

export interface DraftState {
  readonly draft: Draft
  /** The finished configuration of the last draft that was valid. */
  readonly config: RunConfig
  /** Empty when `config` belongs to `draft`. */
  readonly problems: readonly Problem[]
  readonly past: readonly Draft[]
  readonly future: readonly Draft[]
}

export type DraftStore = ReturnType<typeof createDraftStore>

/** The configuration being edited, with undo. `initial` falls back to the defaults when it is refused. */
export function createDraftStore(session: Pick<Session, 'parse'>, initial: Draft = {}) {
  const given = session.parse(initial)
  const first = given.kind === 'ok' ? given : session.parse({})
  if (first.kind === 'refused') throw new Error(first.problems.map(({ message }) => message).join('; '))
  const start: DraftState = {
    draft: given.kind === 'ok' ? initial : {},
    config: first.config,
    problems: [],
    past: [],
    future: [],
  }
  const store = createStore<DraftState>(() => start)

  const show = (draft: Draft, history: Pick<DraftState, 'past' | 'future'>) => {
    const parsed = session.parse(draft)
    store.setState(
      parsed.kind === 'ok'
        ? { draft, config: parsed.config, problems: [], ...history }
        : { draft, problems: parsed.problems, ...history },
    )
  }
  const replace = (draft: Draft) => {
    const { draft: before, past } = store.getState()
    show(draft, { past: [...past, before].slice(-HISTORY), future: [] })
  }

  return {
    ...store,
    replace,
    set: (path: string, value: DraftValue) => replace(writePath(store.getState().draft, path, value)),
    reset: (path: string) => replace(removePath(store.getState().draft, path)),
    undo: () => {
      const { draft, past, future } = store.getState()
      const last = past.at(-1)
      if (last !== undefined) show(last, { past: past.slice(0, -1), future: [draft, ...future] })
    },
    redo: () => {
      const { draft, past, future } = store.getState()
      const next = future[0]
      if (next !== undefined) show(next, { past: [...past, draft], future: future.slice(1) })
    },
  }
}
