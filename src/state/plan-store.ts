import { createStore } from 'zustand/vanilla'
import { problemOf } from '../config/explain.ts'
import type { RunConfig } from '../config/types.ts'
import { RefusedError } from '../core/errors.ts'
import type { DraftStore } from './draft-store.ts'
import type { Plan, Problem, Session } from './session.ts'

export interface PlanState {
  /** The newest plan, kept while the next one is computed and when the draft cannot be compiled. */
  readonly plan: Plan | null
  /** The configuration `plan` belongs to. */
  readonly config: RunConfig | null
  readonly computing: boolean
  /** Refusals that only compiling finds; a plan over the memory budget is there all the same. */
  readonly problem: Problem | null
}

export type PlanStore = ReturnType<typeof createPlanStore>

function why(error: unknown): Problem {
  if (error instanceof RefusedError) return problemOf(error)
  return { field: '', message: error instanceof Error ? error.message : String(error) }
}

/** Keeps the prediction for the draft's configuration up to date; only the newest request counts. */
export function createPlanStore(session: Pick<Session, 'plan'>, draft: Pick<DraftStore, 'getState' | 'subscribe'>) {
  const store = createStore<PlanState>(() => ({ plan: null, config: null, computing: false, problem: null }))
  let request = 0
  const compute = async () => {
    const mine = ++request
    store.setState({ computing: true })
    try {
      const { config } = draft.getState()
      const plan = await session.plan(config)
      if (mine === request) store.setState({ plan, config, computing: false, problem: plan.overBudget })
    } catch (error) {
      if (mine === request) store.setState({ computing: false, problem: why(error) })
    }
  }
  draft.subscribe((state, before) => {
    if (state.config !== before.config) void compute()
  })
  void compute()
  return store
}
