import { createStore } from 'zustand/vanilla'
import { faultOf } from '../core/errors.ts'
import type { Fault } from '../core/fault.ts'
import type { RunConfig } from '../config/types.ts'
import type { MeasuredDevice } from '../sim/cost/measured-device.ts'
import type { Session } from './session.ts'

/** Measurements of the device the page runs on, for configurations that simulate "this". */
export interface CalibrationState {
  readonly measured: MeasuredDevice | null
  /** Ops timed and to be timed; null while nothing is being measured. */
  readonly progress: { readonly done: number; readonly of: number } | null
  readonly failure: Fault | null
}

export type CalibrationStore = ReturnType<typeof createCalibrationStore>

/** Measures on request, can be cancelled, and adds to earlier measurements. */
export function createCalibrationStore(session: Pick<Session, 'measure'>) {
  const store = createStore<CalibrationState>(() => ({ measured: null, progress: null, failure: null }))
  let running: AbortController | null = null
  return {
    ...store,
    /** Times this device's rates and those distinct ops of a configuration that were not timed before. */
    async measure(config: RunConfig): Promise<void> {
      running?.abort()
      const own = new AbortController()
      running = own
      store.setState({ progress: { done: 0, of: 0 }, failure: null })
      const known = store.getState().measured ?? undefined
      const progress = (done: number, of: number) => running === own && store.setState({ progress: { done, of } })
      try {
        const measured = await session.measure(config, { known, progress, signal: own.signal })
        if (running === own) store.setState({ measured, progress: null })
      } catch (error) {
        if (running !== own) return
        const failure = own.signal.aborted ? null : faultOf(error)
        store.setState({ progress: null, failure })
      }
    },
    cancel: () => running?.abort(),
  }
}
