import type { CostModel } from './cost-model.ts'
import { workKey } from './work-key.ts'

/**
 * Durations measured on a real device, each distinct op separately: seconds by `workKey`. Anything else (mainly
 * exchanges) comes from `otherwise`.
 */
export function measuredCosts(seconds: ReadonlyMap<string, number>, otherwise: CostModel): CostModel {
  return {
    seconds: (op, rank) => {
      const key = workKey(op)
      return (key === null ? undefined : seconds.get(key)) ?? otherwise.seconds(op, rank)
    },
  }
}
