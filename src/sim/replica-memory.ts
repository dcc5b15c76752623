import type { RunConfig } from '../config/types.ts'
import type { RankMemory } from './memory-model.ts'
import type { StepSetup } from './step-setup.ts'

/** A rank's memory on the first replica and on the others: where one of them serves the others they differ. */
export interface ReplicaMemory {
  readonly first: RankMemory
  readonly other: RankMemory
}

const withTotal = (memory: RankMemory, total?: number): RankMemory => {
  const { parameters, gradients, optimizer, activations, communication, workspace } = memory
  return { ...memory, total: total ?? parameters + gradients + optimizer + activations + communication + workspace }
}

/**
 * DataParallel keeps the optimizer on its first device, which also takes in the logits of all replicas; a parameter server
 * keeps it on its first device, on the host, or in equal shards. A replica without an optimizer gives its gradients away: with
 * one micro-batch they are there only while activations go.
 */
export function replicaMemory(
  memory: RankMemory,
  { model, data, microBatch, microbatches, sequence, precision }: StepSetup,
  { dataMode, server }: Pick<RunConfig['parallel'], 'dataMode' | 'server'>,
): ReplicaMemory {
  if (dataMode === 'ddp' || data === 1) return { first: memory, other: memory }
  if (dataMode === 'parameter-server' && server.at === 'sharded') {
    const shard = withTotal({ ...memory, optimizer: memory.optimizer / data })
    return { first: shard, other: shard }
  }
  const { parameters, gradients, activations, communication, workspace } = memory
  const passing =
    precision === 'f32' && microbatches === 1
      ? parameters + communication + workspace + Math.max(activations, gradients)
      : undefined
  const other = withTotal({ ...memory, optimizer: 0 }, passing)
  if (dataMode === 'parameter-server') return { first: server.at === 'cpu' ? other : memory, other }
  const logits = (data - 1) * microBatch * sequence * model.vocab * (precision === 'f32' ? 4 : 2)
  return { first: withTotal({ ...memory, activations: activations + logits }), other }
}
