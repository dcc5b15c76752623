import { createStore } from 'zustand/vanilla'
import { errorOf } from '../core/errors.ts'
import type { Fault } from '../core/fault.ts'
import type { RunConfig } from '../config/types.ts'
import type { Draft, DraftValue } from './draft-path.ts'
import { removePath, writePath } from './draft-path.ts'
import type { History } from './history.ts'
import { redone, undone, NO_HISTORY, withPast } from './history.ts'
import type { Session } from './session.ts'

export interface DraftState extends History {
  readonly draft: Draft
  /** The complete configuration of the last valid draft. */
  readonly config: RunConfig
  /** Empty when `config` belongs to `draft`. */
  readonly problems: readonly Fault[]
}

export type DraftStore = ReturnType<typeof createDraftStore>

/** The configuration being edited, with undo. `initial` falls back to the defaults when it is refused. */
export function createDraftStore(session: Pick<Session, 'parse'>, initial: Draft = {}) {
  const given = session.parse(initial)
  const first = given.kind === 'ok' ? given : session.parse({})
  if (first.kind === 'refused') throw errorOf(first.problems[0]!)
  const start: DraftState = {
    draft: given.kind === 'ok' ? initial : {},
    config: first.config,
    problems: [],
    ...NO_HISTORY,
  }
  const store = createStore<DraftState>(() => start)

  const show = (draft: Draft, { past, future }: History) => {
    const parsed = session.parse(draft)
    store.setState(
      parsed.kind === 'ok'
        ? { draft, config: parsed.config, problems: [], past, future }
        : { draft, problems: parsed.problems, past, future },
    )
  }
  const replace = (draft: Draft) => show(draft, withPast(store.getState()))
  const go = (to: typeof undone) => {
    const moment = to(store.getState())
    if (moment !== null) show(moment.draft, moment)
  }

  return {
    ...store,
    replace,
    set: (path: string, value: DraftValue) => replace(writePath(store.getState().draft, path, value)),
    reset: (path: string) => replace(removePath(store.getState().draft, path)),
    undo: () => go(undone),
    redo: () => go(redone),
  }
}
