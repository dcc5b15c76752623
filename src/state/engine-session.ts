import { explainConfig } from '../config/explain.ts'
import { parseConfig } from '../config/parse.ts'
import type { Draft } from './draft-path.ts'
import type { createPlanner } from './plan-in-worker.ts'
import type { Parsed, Session } from './session.ts'

/** What needs a device is loaded after the page is on screen. */
const engine = () => import('../cluster/browser-run.ts')

/** Loaded on first use; a failed load is retried by the next. */
let planner: ReturnType<typeof createPlanner> | null = null

/** The page's session on the real engine. */
export const engineSession: Session = {
  parse: parseDraft,
  async plan(config, signal) {
    planner ??= (await import('./plan-in-worker.ts')).createPlanner()
    return planner(config, signal)
  },
  peaks: async (configs, signal) => (await import('./peaks.ts')).peaksInWorker(configs, signal),
  async probe() {
    if (!('gpu' in navigator)) return { kind: 'noWebGpu' }
    const adapters = await (await engine()).listAdapters()
    return adapters.length === 0 ? { kind: 'noAdapter' } : { kind: 'ok', adapters }
  },
  start: async (config, sources, options) =>
    (await engine()).startPageRun(config, sources, { keepWeights: true, ...options }),
  measure: async (config, options) => (await engine()).measureThisDevice(config, options),
  parity: async (config, sources) => (await engine()).checkPageParity(config, sources),
}

/** On the page a run continues until stopped, unless the draft sets its steps. */
const PAGE_STEPS = 5000

function parseDraft(given: Draft): Parsed {
  const input = { steps: PAGE_STEPS, ...given }
  const problems = explainConfig(input)
  return problems.length > 0 ? { kind: 'refused', problems } : { kind: 'ok', config: parseConfig(input) }
}
