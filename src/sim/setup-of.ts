import type { RunConfig } from '../config/types.ts'
import { largestReplica } from '../strategy/program-size.ts'
import { blocksPerStage } from '../strategy/stages.ts'
import { SOFTWARE, type Software } from './cost/software.ts'
import { clusterOf, type Cluster } from './links.ts'
import type { StepSetup } from './step-setup.ts'

/**
 * The framework whose figures stand for a configuration, which does not name one: this project's kernels in f32; in mixed
 * precision the one that each kind of training was validated with (docs/validation.md): fully sharded as PyTorch's FSDP,
 * LLaMA shapes as nanotron, GPT shapes as Megatron-LM, without recomputation as Zero Bubble's fork of it.
 */
export function softwareOf({ precision, model, parallel }: RunConfig): Software {
  if (precision === 'f32') return SOFTWARE.native
  if (parallel.zero === 3) return SOFTWARE.foundry
  if (model.family === 'llama') return SOFTWARE.nanotron
  return parallel.recompute === 'none' ? SOFTWARE.zeroBubble : SOFTWARE.megatron
}

function momentsOf({ optimizer }: RunConfig): 0 | 1 | 2 {
  if (optimizer.kind === 'adamw') return 2
  return optimizer.momentum > 0 ? 1 : 0
}

/** The sizes of a configuration's step; the largest replica counts, its micro-batches at their mean size. */
export function setupOf(
  config: RunConfig,
  cluster: Cluster = clusterOf(config.cluster),
  software: Software = softwareOf(config),
): StepSetup {
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
    software,
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
