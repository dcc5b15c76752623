export type StoryId = 'ddp-h100' | 'data-parallel' | 'llama-naive' | 'zero-7.5b' | 'gpt3-1024'

/** Sets of configurations that illustrate one point side by side; each is checked in a test. */
export interface Story {
  readonly id: StoryId
  readonly configs: readonly { readonly label: string; readonly config: Readonly<Record<string, unknown>> }[]
}

const GiB = 2 ** 30

function ddp(replicas: number) {
  return {
    model: { preset: 'gpt2' },
    batch: { global: 32, microbatches: 4, sequence: 1024 },
    parallel: { data: replicas },
    cluster: { device: 'h100-80gb', intraNode: 'nvlink4' },
  }
}

function dataParallel(dataMode: string) {
  return {
    model: { preset: 'gpt2' },
    batch: { global: 4, microbatches: 1, sequence: 256 },
    parallel: { data: 4, dataMode },
    cluster: { device: 'h100-80gb' },
  }
}

/** Half precision, gradients in f32, and plain SGD: 6 bytes per parameter, 40 GB in all. */
function llama(pipeline: number, schedule: string) {
  return {
    precision: 'mixed-f16',
    model: { preset: 'llama-2-7b' },
    batch: { global: 8, microbatches: 8, sequence: 512 },
    optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
    parallel: { pipeline, schedule, recompute: 'full' },
    cluster: { device: 'v100-32gb', intraNode: 'nvlink2', memoryBytes: 32 * GiB },
  }
}

/** 2 + 2 + 12 bytes per parameter, as the paper counts them. */
function zero(stage: number) {
  return {
    precision: 'mixed-f16',
    model: { layers: 36, heads: 32, embed: 4096, context: 1024, vocab: 51200 },
    // Accumulated: with a single micro-batch ZeRO-1 could release every gradient at once, as ZeRO-2 does.
    batch: { global: 128, microbatches: 2, sequence: 1024 },
    parallel: { data: 64, zero: stage, recompute: 'full' },
    cluster: {
      software: 'tabcluster',
      device: 'v100-32gb',
      devicesPerNode: 16,
      intraNode: 'nvlink2',
      interNode: 'ib-edr100',
      nicsPerNode: 8,
    },
  }
}

export const STORIES: readonly Story[] = [
  {
    id: 'ddp-h100',
    configs: [1, 2].map((n) => ({ label: `${n} H100`, config: ddp(n) })),
  },
  {
    id: 'data-parallel',
    configs: ['data-parallel', 'ddp'].map((mode) => ({ label: mode, config: dataParallel(mode) })),
  },
  {
    id: 'llama-naive',
    configs: [
      { label: '1 V100', config: llama(1, '1f1b') },
      ...[2, 4].flatMap((n) =>
        ['naive', 'gpipe', '1f1b'].map((each) => ({ label: `${n} V100, ${each}`, config: llama(n, each) })),
      ),
    ],
  },
  {
    id: 'zero-7.5b',
    configs: [0, 1, 2, 3].map((stage) => ({ label: `ZeRO ${stage}`, config: zero(stage) })),
  },
  {
    id: 'gpt3-1024',
    configs: [
      {
        label: '1,024 A100',
        config: {
          precision: 'mixed-f16',
          model: { preset: 'gpt3-175b', vocab: 51200 },
          batch: { global: 1536, microbatches: 192, sequence: 2048 },
          parallel: {
            data: 8,
            tensor: 8,
            pipeline: 16,
            schedule: 'interleaved-1f1b',
            chunks: 3,
            recompute: 'full',
          },
          cluster: {
            software: 'megatron-2021',
            device: 'a100-80gb',
            intraNode: 'nvlink3',
            interNode: 'ib-hdr200',
            memoryBytes: 80 * GiB,
          },
        },
      },
    ],
  },
]
