import type { RunConfig } from '../config/types.ts'
import type { RankView } from '../state/run-state.ts'
import { isActive } from '../state/run-state.ts'
import type { Plan } from '../state/session.ts'
import { usePage, useSlice } from './page-context.ts'

const NO_RANKS: readonly RankView[] = []

export interface ShownCluster {
  readonly plan: Plan | null
  readonly config: RunConfig
  /** Measured values, empty while only a prediction is shown. */
  readonly ranks: readonly RankView[]
}

/** The cluster on screen: the one that runs, or that just ran this configuration; else the draft's prediction. */
export function useShownCluster(): ShownCluster {
  const page = usePage()
  const draft = useSlice(page.draft, (state) => state.config)
  const planned = useSlice(page.plan, (state) => state)
  const run = useSlice(page.run, (state) => state)
  if (run.plan !== null && run.config !== null && (isActive(run.phase) || run.config === draft))
    return { plan: run.plan, config: run.config, ranks: run.ranks }
  return { plan: planned.plan, config: planned.config ?? draft, ranks: NO_RANKS }
}
