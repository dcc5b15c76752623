import { isCollective, isMessage } from '../../src/schedule/op-kinds.ts'
import type { CostModel } from '../../src/sim/cost/cost-model.ts'

/** Costs of a cluster with slow ranks, as a replay has them: all that a rank does by itself takes so many times as long. */
export function slowedCosts(costs: CostModel, slowdown: ReadonlyMap<number, number>): CostModel {
  return {
    seconds: (op, rank) =>
      costs.seconds(op, rank) * (isCollective(op) || isMessage(op) ? 1 : (slowdown.get(rank) ?? 1)),
  }
}
