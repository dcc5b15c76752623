import { createStore } from 'zustand/vanilla'
import type { Availability, Session } from './session.ts'

/** What computes here; null until the browser has answered. */
export function createAdapterStore(session: Pick<Session, 'probe'>) {
  const store = createStore<Availability | null>(() => null)
  session.probe().then(
    (found) => store.setState(found, true),
    () => store.setState({ kind: 'noAdapter' }, true),
  )
  return store
}
