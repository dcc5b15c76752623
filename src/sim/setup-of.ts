import type { RunConfig } from '../config/types.ts'
import { largestReplica } from '../strategy/program-size.ts'
import { blocksPerStage } from '../strategy/stages.ts'
import { SOFTWARE, type Software } from './cost/software.ts'
import { clusterOf, type Cluster } from './links.ts'
import type { StepSetup } from './step-setup.ts'

/**
 * The software a configuration is simulated with, with what the model says of attention and dropout in place of its own. It
 * depends on no strategy: configurations that differ in their layout are compared with the same figures.
 */
export function softwareOf({
  precision,
  model,
  cluster,
}: Pick<RunConfig, 'precision' | 'model' | 'cluster'>): Software {
  const software = SOFTWARE[cluster.software ?? (precision === 'f32' ? 'tabcluster' : 'modern')]
  return {
    ...software,
    attention: model.attention ?? software.attention,
    dropout: model.dropout ?? software.dropout,
  }
}

function momentsOf({ optimizer }: RunConfig): 0 | 1 | 2 {
  if (optimizer.kind === 'adamw') return 2
  return optimizer.momentum > 0 ? 1 : 0
}

/** The sizes of a configuration's step; the largest replica counts, its micro-batches at their mean size. */
export function setupOf(config: RunConfig, cluster: Cluster = clusterOf(config.cluster)): StepSetup {
  const { model, precision, batch, parallel: p } = config
  const samples = largestReplica(config)
  return {
    model,
    precision,
    sequence: batch.sequence,
    microBatch: samples / batch.microbatches,
    microbatches: batch.microbatches,
    data: p.data,
    tensor: p.tensor,
    pipeline: p.pipeline,
    schedule: p.schedule,
    chunks: p.chunks,
    zero: p.zero,
    reshard: p.fsdp.reshardAfterForward,
    sequenceParallel: p.sequenceParallel,
    recompute: p.recompute,
    cluster,
    software: softwareOf(config),
    moments: momentsOf(config),
    exchange: p.dataMode === 'ddp' || p.server.at === 'sharded' ? 'all-reduce' : 'star',
    collective: p.collective,
    compression: p.compression,
    bucketBytes: p.bucketBytes,
    overlap: p.overlap,
    offload: p.fsdp.cpuOffload,
    partition: blocksPerStage(config),
  }
}
