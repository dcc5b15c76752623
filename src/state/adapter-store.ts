import { createStore } from 'zustand/vanilla'
import { faultOf } from '../core/errors.ts'
import type { Availability, Session } from './session.ts'

/** The available adapters; null until the browser has answered. */
export function createAdapterStore(session: Pick<Session, 'probe'>) {
  const store = createStore<Availability | null>(() => null)
  const probe = () =>
    session.probe().then(
      (found) => store.setState(found, true),
      (error: unknown) => store.setState({ kind: 'unknown', fault: faultOf(error) }, true),
    )
  void probe()
  return { ...store, probe }
}
