import type { ClusterConfig, OptimizerConfig, ParallelConfig, RunConfig } from './types.ts'

export const DEFAULT_OPTIMIZER: OptimizerConfig = {
  kind: 'adamw',
  learningRate: 1e-3,
  betas: [0.9, 0.95],
  epsilon: 1e-8,
  weightDecay: 0.1,
  gradClip: 1,
  momentum: 0.9,
  schedule: 'constant',
  warmupSteps: 0,
}

export const DEFAULT_PARALLEL: ParallelConfig = {
  data: 1,
  tensor: 1,
  pipeline: 1,
  dataMode: 'ddp',
  server: { at: 'gpu0', async: false, maxStaleness: 0 },
  zero: 0,
  zeroPartition: 'flat',
  zeroReduce: 'reduce-scatter',
  fsdp: { wrap: 'block', reshardAfterForward: true, cpuOffload: false },
  schedule: '1f1b',
  chunks: 1,
  partition: 'even',
  sequenceParallel: false,
  recompute: 'none',
  bucketBytes: 26214400,
  overlap: true,
  collective: 'ring',
  compression: { kind: 'none' },
}

export const DEFAULT_CLUSTER: ClusterConfig = {
  adapters: 'default',
  device: 'this',
  devicesPerNode: 8,
  nicsPerNode: null,
  oversubscription: 1,
  intraNode: 'nvlink4',
  interNode: 'ib-ndr400',
  hostLink: 'pcie4',
  memoryBytes: null,
  stragglers: [],
}

export const DEFAULT_SEED = 1234
export const DEFAULT_STEPS = 20
export const DEFAULT_PRESET = 'nano'
export const DEFAULT_CORPUS = 'translation-de-en'
export const DEFAULT_BATCH = { global: 8, microbatches: 2, sequence: 64 } as const

/** The version of the configuration this program reads and writes. */
export const CONFIG_VERSION: RunConfig['version'] = 1
