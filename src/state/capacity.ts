import { meshSize } from '../core/mesh.ts'
import type { RunConfig } from '../config/types.ts'
import { deviceOf } from '../sim/hardware.ts'
import type { SimulatedRank, SimulatedResult } from '../sim/simulate.ts'

/** A device's capacity: the memory budget if there is one, else its own memory. */
export interface Capacity {
  readonly bytes: number
  readonly isBudget: boolean
}

export function capacityOf({ cluster: { device, memoryBytes } }: Pick<RunConfig, 'cluster'>): Capacity {
  return memoryBytes === null
    ? { bytes: deviceOf(device).memoryBytes, isBudget: false }
    : { bytes: memoryBytes, isBudget: true }
}

/** The fullest device if it exceeds its capacity, else null. A CPU server outside the mesh does not count. */
export function overCapacity({ config, ranks }: SimulatedResult): SimulatedRank | null {
  const devices = meshSize(config.parallel)
  const fullest = ranks
    .filter(({ rank }) => rank < devices)
    .reduce((most, rank) => (rank.predictedBytes.total > most.predictedBytes.total ? rank : most))
  return fullest.predictedBytes.total > capacityOf(config).bytes ? fullest : null
}

export function fullestBytes({ ranks }: SimulatedResult): number {
  return ranks.reduce((most, rank) => Math.max(most, rank.predictedBytes.total), 0)
}
