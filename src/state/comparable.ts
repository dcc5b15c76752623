import { meshSize } from '../core/mesh.ts'
import type { PlannerResult } from '../sim/planner/plan.ts'
import type { SimulatedResult } from '../sim/simulate.ts'

/** Whether a result is comparable with a search: the same training on the same devices. */
export function isComparable({ config }: SimulatedResult, { best, devices }: PlannerResult): boolean {
  const question = ({ model, precision, batch, cluster }: typeof config) =>
    JSON.stringify([model, precision, batch.global, batch.sequence, cluster])
  return meshSize(config.parallel) === devices && question(config) === question(best)
}
