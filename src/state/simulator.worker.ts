import { parseConfig } from '../config/parse.ts'
import { faultOf } from '../core/errors.ts'
import { readForPlan } from '../sim/planner/candidates.ts'
import { layoutSearch } from '../sim/planner/plan.ts'
import { thinned } from '../sim/memory-curve.ts'
import { simulate, type Simulation } from '../sim/simulate.ts'
import type { SimulatorReply, SimulatorRequest } from './simulator-protocol.ts'

/** Simulates and plans off the main thread; terminated when the answer is no longer needed. */
function post(reply: SimulatorReply): void {
  self.postMessage(reply)
}

/** Points of a memory curve that a chart has room for. */
const MAX_POINTS = 400

/** The newest simulation: its memory is requested right after it. */
let newest: { readonly key: string; readonly simulation: Simulation } | null = null

function simulated({ input, measured }: SimulatorRequest): Simulation {
  const key = JSON.stringify(input)
  if (newest?.key !== key || measured)
    newest = {
      key,
      simulation: simulate(parseConfig(input, 'simulate'), measured ? { measured } : {}),
    }
  return newest.simulation
}

function handle(request: SimulatorRequest): void {
  const { id, kind, input, measured } = request
  if (kind === 'simulate') {
    newest = null
    const start = performance.now()
    const { result } = simulated(request)
    return post({ id, kind: 'simulated', result, milliseconds: performance.now() - start })
  }
  if (kind === 'memory')
    return post({
      id,
      kind: 'remembered',
      curves: simulated(request)
        .memory()
        .map((curve) => thinned(curve, MAX_POINTS)),
    })
  if (kind === 'trace') return post({ id, kind: 'traced', json: JSON.stringify(simulated(request).trace()) })
  const steps = layoutSearch(readForPlan(input), measured ? { measured } : {})
  let next = steps.next()
  for (; !next.done; next = steps.next()) post({ id, kind: 'planning', progress: next.value })
  post({ id, kind: 'planned', plan: next.value })
}

self.addEventListener('message', ({ data }: MessageEvent<SimulatorRequest>) => {
  try {
    handle(data)
  } catch (error) {
    post({ id: data.id, kind: 'refused', fault: faultOf(error) })
  }
})
