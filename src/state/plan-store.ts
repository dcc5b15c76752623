import { createStore } from 'zustand/vanilla'
import type { RunConfig } from '../config/types.ts'
import { FaultError, faultOf } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { Fault } from '../core/fault.ts'
import type { DraftStore } from './draft-store.ts'
import type { Plan, Session } from './session.ts'

export interface PlanState {
  /** The newest plan, kept while the next one is computed and when the draft cannot be compiled. */
  readonly plan: Plan | null
  /** The configuration `plan` belongs to. */
  readonly config: RunConfig | null
  /** 'long': long enough to show it and offer cancelling. */
  readonly computing: false | 'short' | 'long'
  /** Refusals found only by compiling; a plan over the memory budget is present nevertheless. */
  readonly problem: Fault | null
}

export type PlanStore = ReturnType<typeof createPlanStore>

/** Planning counts as long after this, in milliseconds. */
const LONG_MILLISECONDS = 500

/** Keeps the prediction for the draft's configuration up to date; a newer request ends the previous one. */
export function createPlanStore(session: Pick<Session, 'plan'>, draft: Pick<DraftStore, 'getState' | 'subscribe'>) {
  const store = createStore<PlanState>(() => ({ plan: null, config: null, computing: false, problem: null }))
  let own = new AbortController()
  const compute = async () => {
    own.abort()
    const controller = (own = new AbortController())
    store.setState({ computing: 'short' })
    const timer = setTimeout(() => store.setState({ computing: 'long' }), LONG_MILLISECONDS)
    controller.signal.addEventListener('abort', () => clearTimeout(timer))
    try {
      const { config } = draft.getState()
      const plan = await session.plan(config, controller.signal)
      if (controller === own) store.setState({ plan, config, computing: false, problem: plan.overBudget })
    } catch (error) {
      if (controller === own) store.setState({ computing: false, problem: faultOf(error) })
    } finally {
      clearTimeout(timer)
    }
  }
  draft.subscribe((state, before) => {
    if (state.config !== before.config) void compute()
  })
  void compute()
  return {
    ...store,
    /** Gives up; the draft cannot start until it is planned. */
    cancel: () => own.abort(new FaultError(sentence('planning-cancelled'))),
    /** Plans the draft again, after it was cancelled or failed. */
    replan: () => void compute(),
  }
}
