import { meshSize } from '../core/mesh.ts'
import type { RunConfig } from '../config/types.ts'
import { deviceOf } from '../sim/hardware.ts'
import type { SimulatedRank, SimulatedResult } from '../sim/simulate.ts'

/** What a device may hold: the memory budget where there is one, else its own memory. */
export interface Capacity {
  readonly bytes: number
  readonly isBudget: boolean
}

export function capacityOf({ cluster: { device, memoryBytes } }: Pick<RunConfig, 'cluster'>): Capacity {
  return memoryBytes === null
    ? { bytes: deviceOf(device).memoryBytes, isBudget: false }
    : { bytes: memoryBytes, isBudget: true }
}

/** The device that needs most where that is more than it holds, else null. Behind the mesh stands a server on the CPU. */
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
