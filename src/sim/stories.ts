/** Configurations that show one thing beside each other; each is checked in a test. */
export interface Story {
  readonly id: string
  /** What to see, and where it was seen first. */
  readonly tells: string
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

/** Half precision and plain SGD: 4 bytes per parameter, 27 GB in all. */
function llama(pipeline: number, schedule: string) {
  return {
    precision: 'mixed-f16',
    model: { preset: 'llama-2-7b' },
    batch: { global: 8, microbatches: 8, sequence: 512 },
    optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 },
    parallel: { pipeline, schedule, recompute: 'full' },
    cluster: { device: 'v100-16gb', intraNode: 'nvlink2', memoryBytes: 16 * GiB },
  }
}

function zero(stage: number) {
  return {
    precision: 'mixed-f16',
    model: { layers: 36, heads: 32, embed: 4096, context: 1024, vocab: 51200 },
    batch: { global: 64, microbatches: 1, sequence: 1024 },
    parallel: { data: 64, zero: stage, recompute: 'full' },
    cluster: { device: 'v100-32gb', devicesPerNode: 16, intraNode: 'nvlink2', interNode: 'ib-edr100', nicsPerNode: 8 },
  }
}

export const STORIES: readonly Story[] = [
  {
    id: 'ddp-h100',
    tells:
      'GPT-2 on one and two H100: tokens/s nearly double and an epoch nearly halves; what is missing are smaller matrix ' +
      'products, the last gradient bucket and an optimizer that every replica runs.',
    configs: [1, 2].map((n) => ({ label: `${n} H100`, config: ddp(n) })),
  },
  {
    id: 'data-parallel',
    tells:
      'DataParallel keeps the optimizer and everybody’s logits on GPU 0, which needs several times the memory of the others.',
    configs: ['data-parallel', 'ddp'].map((mode) => ({ label: mode, config: dataParallel(mode) })),
  },
  {
    id: 'llama-naive',
    tells:
      'LLaMA-2-7B on V100 16 GB: it fits only when split, and with naive model parallelism more devices do not make it ' +
      'faster: one works, the others wait. GPipe and 1F1B let them work at once.',
    configs: [
      { label: '1 V100', config: llama(1, '1f1b') },
      ...[2, 4].flatMap((n) =>
        ['naive', 'gpipe', '1f1b'].map((each) => ({ label: `${n} V100, ${each}`, config: llama(n, each) })),
      ),
    ],
  },
  {
    id: 'zero-7.5b',
    tells:
      '7.5 B parameters on 64 devices: 120, 31.4, 16.6 and 1.9 GB of parameters, gradients and optimizer state per device ' +
      'under ZeRO 0 to 3 (Rajbhandari et al., arXiv:1910.02054, figure 1).',
    configs: [0, 1, 2, 3].map((stage) => ({ label: `ZeRO ${stage}`, config: zero(stage) })),
  },
  {
    id: 'gpt3-1024',
    tells:
      'GPT-3 175B on 1,024 A100: 300 billion tokens take about 34 days (Narayanan et al., arXiv:2104.04473, section 5.1).',
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
          cluster: { device: 'a100-80gb', intraNode: 'nvlink3', interNode: 'ib-hdr200', memoryBytes: 80 * GiB },
        },
      },
    ],
  },
]
