import type { RunConfig } from '../config/types.ts'
import type { Draft } from './draft-path.ts'
import type { FieldPath } from './fields.ts'

/** What a person can choose first. To add one: a row here, its name in the texts, its picture. */
export const STRATEGY_IDS = ['single', 'ddp', 'dataParallel', 'server', 'pipeline'] as const
export type StrategyId = (typeof STRATEGY_IDS)[number]

export interface Strategy {
  readonly id: StrategyId
  /** The parts of a draft that make this strategy, for about `devices` devices. */
  readonly choose: (devices: number) => { readonly parallel: Draft; readonly microbatches: number }
  readonly matches: (config: RunConfig) => boolean
  /** Its own parameters only, most telling first. */
  readonly fields: (config: RunConfig) => readonly FieldPath[]
}

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
    id: 'pipeline',
    choose: (devices) => ({ parallel: { pipeline: devices, schedule: '1f1b' }, microbatches: Math.max(4, devices) }),
    matches: ({ parallel }) => parallel.pipeline > 1,
    fields: ({ parallel }) => [
      'parallel.pipeline',
      'parallel.schedule',
      ...(parallel.schedule === 'interleaved-1f1b' || parallel.schedule === 'zb-v'
        ? (['parallel.chunks'] as const)
        : []),
      'batch.microbatches',
      'parallel.partition',
      'parallel.recompute',
      'parallel.data',
    ],
  },
]

/** The most special strategy that fits a configuration: later rows win. */
export function strategyOf(config: RunConfig): Strategy {
  return STRATEGIES.findLast((strategy) => strategy.matches(config)) ?? STRATEGIES[0]!
}
