import type { RunConfig } from '../config/types.ts'
import type { Draft } from './draft-path.ts'
import { isDraft } from './draft-path.ts'
import type { FieldPath } from './fields.ts'
import { worldSize } from './fields.ts'

/** The strategies offered first. To add one: a row here, its name in the texts, its picture. */
export const STRATEGY_IDS = [
  'single',
  'ddp',
  'compressed',
  'dataParallel',
  'server',
  'asyncServer',
  'zero1',
  'zero2',
  'zero3',
  'tensor',
  'pipeline',
  'hybrid',
] as const
export type StrategyId = (typeof STRATEGY_IDS)[number]

export interface Strategy {
  readonly id: StrategyId
  /** The parts of a draft that define this strategy, for about `devices` devices. */
  readonly choose: (devices: number, config: RunConfig) => { readonly parallel: Draft; readonly microbatches: number }
  readonly matches: (config: RunConfig) => boolean
  /** Its own parameters only, most important first. */
  readonly fields: (config: RunConfig) => readonly FieldPath[]
}

/** The largest number up to `most` that divides the heads (key heads, which divide the others), at least 2. */
function largestDivisor(heads: number, most: number): number {
  for (let size = most; size > 2; size--) if (heads % size === 0) return size
  return 2
}

const parallelAxes = ({ parallel: { data, tensor, pipeline } }: RunConfig) =>
  [data, tensor, pipeline].filter((size) => size > 1).length

const chunksOf = ({ parallel: { schedule } }: RunConfig): readonly FieldPath[] =>
  schedule === 'interleaved-1f1b' || schedule === 'zb-v' ? ['parallel.chunks'] : []

const scheduleOf = (config: RunConfig): readonly FieldPath[] => [
  'parallel.schedule',
  ...chunksOf(config),
  'batch.microbatches',
  'parallel.partition',
]

const unitsOf = ({ parallel: { fsdp } }: RunConfig): readonly FieldPath[] => [
  'parallel.fsdp.wrap',
  ...(typeof fsdp.wrap === 'object' && 'minParameters' in fsdp.wrap
    ? (['parallel.fsdp.wrap.minParameters'] as const)
    : []),
  'parallel.fsdp.reshardAfterForward',
  'parallel.fsdp.cpuOffload',
]

const zero = (stage: 1 | 2 | 3, fields: Strategy['fields']): Strategy => ({
  id: `zero${stage}`,
  choose: (devices) => ({ parallel: { data: devices, zero: stage }, microbatches: 1 }),
  matches: ({ parallel }) => parallel.zero === stage,
  fields,
})

export const STRATEGIES: readonly Strategy[] = [
  {
    id: 'single',
    choose: () => ({ parallel: {}, microbatches: 2 }),
    matches: () => true,
    fields: () => ['batch.microbatches', 'parallel.recompute'],
  },
  {
    id: 'ddp',
    choose: (devices) => ({ parallel: { data: devices }, microbatches: 1 }),
    matches: ({ parallel }) => parallel.data > 1,
    fields: () => [
      'parallel.data',
      'batch.microbatches',
      'parallel.bucketBytes',
      'parallel.overlap',
      'parallel.collective',
      'parallel.recompute',
    ],
  },
  {
    id: 'compressed',
    choose: (devices) => ({ parallel: { data: devices, compression: { kind: 'int8' } }, microbatches: 1 }),
    matches: ({ parallel }) => parallel.compression.kind !== 'none',
    fields: ({ parallel }) => [
      'parallel.data',
      'parallel.compression',
      ...(parallel.compression.kind === 'topk'
        ? (['parallel.compression.ratio', 'parallel.compression.errorFeedback'] as const)
        : []),
      'batch.microbatches',
      'parallel.bucketBytes',
      'parallel.overlap',
    ],
  },
  {
    id: 'dataParallel',
    choose: (devices) => ({ parallel: { data: devices, dataMode: 'data-parallel' }, microbatches: 1 }),
    matches: ({ parallel }) => parallel.data > 1 && parallel.dataMode === 'data-parallel',
    fields: () => ['parallel.data', 'batch.microbatches', 'parallel.recompute'],
  },
  {
    id: 'server',
    choose: (devices) => ({ parallel: { data: devices, dataMode: 'parameter-server' }, microbatches: 1 }),
    matches: ({ parallel }) => parallel.dataMode === 'parameter-server',
    fields: () => ['parallel.data', 'parallel.server.at', 'batch.microbatches'],
  },
  {
    id: 'asyncServer',
    choose: (devices) => ({
      parallel: { data: devices, dataMode: 'parameter-server', server: { async: true, maxStaleness: devices - 1 } },
      microbatches: 1,
    }),
    matches: ({ parallel }) => parallel.dataMode === 'parameter-server' && parallel.server.async,
    fields: () => [
      'parallel.data',
      'parallel.server.maxStaleness',
      'parallel.server.at',
      'batch.microbatches',
      'cluster.stragglers',
    ],
  },
  zero(1, () => [
    'parallel.data',
    'parallel.zeroReduce',
    'parallel.zeroPartition',
    'batch.microbatches',
    'parallel.bucketBytes',
    'parallel.overlap',
    'parallel.recompute',
  ]),
  zero(2, () => [
    'parallel.data',
    'parallel.zeroPartition',
    'batch.microbatches',
    'parallel.bucketBytes',
    'parallel.overlap',
    'parallel.recompute',
  ]),
  zero(3, (config) => [
    'parallel.data',
    ...unitsOf(config),
    'parallel.overlap',
    'parallel.zeroPartition',
    'batch.microbatches',
    'parallel.recompute',
  ]),
  {
    id: 'tensor',
    choose: (devices, { model }) => ({ parallel: { tensor: largestDivisor(model.kvHeads, devices) }, microbatches: 1 }),
    matches: ({ parallel }) => parallel.tensor > 1,
    fields: () => [
      'parallel.tensor',
      'parallel.sequenceParallel',
      'parallel.collective',
      'batch.microbatches',
      'parallel.recompute',
    ],
  },
  {
    id: 'pipeline',
    choose: (devices) => ({ parallel: { pipeline: devices, schedule: '1f1b' }, microbatches: Math.max(4, devices) }),
    matches: ({ parallel }) => parallel.pipeline > 1,
    fields: (config) => ['parallel.pipeline', ...scheduleOf(config), 'parallel.recompute'],
  },
  {
    id: 'hybrid',
    choose: () => ({ parallel: { data: 2, tensor: 2, pipeline: 2, schedule: '1f1b' }, microbatches: 4 }),
    matches: (config) => parallelAxes(config) > 1,
    fields: (config) => [
      'parallel.data',
      'parallel.tensor',
      'parallel.pipeline',
      ...(config.parallel.data > 1 ? (['parallel.zero'] as const) : []),
      ...(config.parallel.zero === 3 ? unitsOf(config) : []),
      ...(config.parallel.tensor > 1 ? (['parallel.sequenceParallel'] as const) : []),
      ...(config.parallel.pipeline > 1 ? scheduleOf(config) : (['batch.microbatches'] as const)),
      'parallel.recompute',
    ],
  },
]

/** The most specific strategy that matches a configuration: later rows win. */
export function strategyOf(config: RunConfig): Strategy {
  return STRATEGIES.findLast((strategy) => strategy.matches(config)) ?? STRATEGIES[0]!
}

/** Number of devices when a strategy is clicked. */
const MIN_PRESET_RANKS = 2
const MAX_PRESET_RANKS = 4

/** The draft with another strategy: keeps everything but `parallel`, the micro-batches and adapters per rank. */
export function withStrategy(draft: Draft, config: RunConfig, { choose }: Strategy): Draft {
  const { parallel, microbatches } = choose(
    Math.max(MIN_PRESET_RANKS, Math.min(MAX_PRESET_RANKS, worldSize(config))),
    config,
  )
  const { batch, cluster, ...rest } = draft
  const { adapters: _, stragglers: __, ...devices } = isDraft(cluster) ? cluster : {}
  return {
    ...rest,
    parallel,
    batch: { ...(isDraft(batch) ? batch : {}), microbatches },
    ...(Object.keys(devices).length > 0 ? { cluster: devices } : {}),
  }
}
