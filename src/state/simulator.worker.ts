import { parseConfig } from '../config/parse.ts'
import { RefusedError } from '../core/errors.ts'
import { readForPlan } from '../sim/planner/candidates.ts'
import { planSteps } from '../sim/planner/plan.ts'
import { simulate } from '../sim/simulate.ts'
import type { SimulatorReply, SimulatorRequest } from './simulator-protocol.ts'

/** Simulates and plans beside the page; ended from outside when nobody wants the answer any more. */
function post(reply: SimulatorReply): void {
  self.postMessage(reply)
}

function answer({ id, kind, input, measured }: SimulatorRequest): void {
  const options = measured ? { measured } : {}
  if (kind === 'simulate') {
    const start = performance.now()
    const { result } = simulate(parseConfig(input, 'simulate'), options)
    return post({ id, kind: 'simulated', result, milliseconds: performance.now() - start })
  }
  if (kind === 'trace') return post({ id, kind: 'traced', json: JSON.stringify(simulate(parseConfig(input, 'simulate'), options).trace()) })
  const steps = planSteps(readForPlan(input), options)
  let next = steps.next()
  for (; !next.done; next = steps.next()) post({ id, kind: 'planning', progress: next.value })
  post({ id, kind: 'planned', plan: next.value })
}

self.addEventListener('message', ({ data }: MessageEvent<SimulatorRequest>) => {
  try {
    answer(data)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const field = error instanceof RefusedError ? error.field : ''
    post({ id: data.id, kind: 'refused', field, message: field === '' ? message : message.slice(field.length + 2) })
  }
})
