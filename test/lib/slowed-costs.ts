import type { CostModel } from '../../src/sim/cost/cost-model.ts'

/** Costs of a cluster with slow ranks, as a replay has them: all that a rank does by itself takes so many times as long. */
export function slowedCosts(costs: CostModel, slowdown: ReadonlyMap<number, number>): CostModel {
  const meets = (op: Parameters<CostModel['seconds']>[0]) => 'group' in op || op.kind === 'send' || op.kind === 'recv'
  return { seconds: (op, rank) => costs.seconds(op, rank) * (meets(op) ? 1 : (slowdown.get(rank) ?? 1)) }
}
