import type { Said } from '../core/said.ts'
import { say } from '../core/said.ts'
import { DEFAULT_OPTIMIZER, DEFAULT_PARALLEL } from './defaults.ts'
import { show } from './reader.ts'
import type { OptimizerConfig, ParallelConfig, RunConfig } from './types.ts'

/*
 * Fields that mean something only beside others. One that has no effect where it stands, and says something other than its
 * default, is refused by name: a person who set it believes that it does something. What describes the cluster (links,
 * devices) is a description, which is right whether a strategy makes use of it or not.
 */

/** A field by its path under `optimizer` or `parallel`, and where it has an effect. */
interface Effect {
  readonly field: string
  readonly value: (config: RunConfig) => unknown
  readonly usual: unknown
  readonly has: (config: RunConfig) => boolean
  /** What it needs, in names and values of fields, for the refusal; null where check.ts says it in words of its own. */
  readonly needs: string | null
  /** The configuration with the usual value in its place. */
  readonly reset: (config: RunConfig) => RunConfig
}

function ofOptimizer<Key extends keyof OptimizerConfig>(
  key: Key,
  needs: string | null,
  has: (config: RunConfig) => boolean,
): Effect {
  const usual = DEFAULT_OPTIMIZER[key]
  return {
    field: `optimizer.${key}`,
    value: ({ optimizer }) => optimizer[key],
    usual,
    has,
    needs,
    reset: (config) => ({ ...config, optimizer: { ...config.optimizer, [key]: usual } }),
  }
}

function ofParallel<Key extends keyof ParallelConfig>(
  key: Key,
  needs: string | null,
  has: (config: RunConfig) => boolean,
): Effect {
  const usual = DEFAULT_PARALLEL[key]
  return {
    field: `parallel.${key}`,
    value: ({ parallel }) => parallel[key],
    usual,
    has,
    needs,
    reset: (config) => ({ ...config, parallel: { ...config.parallel, [key]: usual } }),
  }
}

function inParallel<Group extends 'server' | 'fsdp', Key extends keyof ParallelConfig[Group] & string>(
  group: Group,
  key: Key,
  needs: string | null,
  has: (config: RunConfig) => boolean,
): Effect {
  const usual = DEFAULT_PARALLEL[group][key]
  return {
    field: `parallel.${group}.${key}`,
    value: ({ parallel }) => parallel[group][key],
    usual,
    has,
    needs,
    reset: (config) => ({
      ...config,
      parallel: { ...config.parallel, [group]: { ...config.parallel[group], [key]: usual } },
    }),
  }
}

const replicated = ({ parallel }: RunConfig) => parallel.data > 1
const served = ({ parallel }: RunConfig) => parallel.dataMode === 'parameter-server'
const sharded = ({ parallel: { zero, data } }: RunConfig) => zero > 0 && data > 1
const wrapped = ({ parallel: { zero, data, fsdp } }: RunConfig) => zero === 3 && (data > 1 || fsdp.cpuOffload)

/** Whether any exchange follows `parallel.collective`: a server's push and pull are messages to and from it. */
function exchanges({ model, optimizer, parallel: p }: RunConfig): boolean {
  const clips = optimizer.gradClip > 0
  if (p.dataMode === 'parameter-server') return p.server.at === 'sharded' && p.data > 1 && clips
  return p.data > 1 || p.tensor > 1 || (p.pipeline > 1 && (model.tied || clips))
}

/** On one stage the order of forward and backward is the same for all but GPipe and what splits the backward pass. */
function ordered({ batch, parallel: { pipeline, schedule } }: RunConfig): boolean {
  return pipeline > 1 || (schedule !== 'naive' && (schedule !== 'gpipe' || batch.microbatches > 1))
}

/** What a field depends on comes before it. */
const EFFECTS: readonly Effect[] = [
  ofOptimizer('momentum', 'optimizer.kind sgd', ({ optimizer }) => optimizer.kind === 'sgd'),
  ofOptimizer('betas', 'optimizer.kind adamw', ({ optimizer }) => optimizer.kind === 'adamw'),
  ofOptimizer('epsilon', 'optimizer.kind adamw', ({ optimizer }) => optimizer.kind === 'adamw'),
  {
    field: 'data.tokenizer',
    value: ({ data }) => data.tokenizer,
    usual: 'byte',
    // Ids in a file are only turned into text, by a tokenizer that is not learnt from text.
    has: ({ data }) => data.tokens === null || data.tokenizer === 'gpt2',
    needs: 'data.corpus, data.text',
    reset: (config) => ({ ...config, data: { ...config.data, tokenizer: 'byte' } }),
  },
  {
    field: 'batch.shares',
    value: ({ batch }) => batch.shares,
    usual: null,
    has: replicated,
    needs: 'parallel.data ≥ 2',
    reset: (config) => ({ ...config, batch: { ...config.batch, shares: null } }),
  },
  ofParallel(
    'dataMode',
    'parallel.data ≥ 2',
    (config) => replicated(config) || (served(config) && config.parallel.server.at === 'cpu'),
  ),
  inParallel('server', 'at', 'parallel.dataMode parameter-server', served),
  inParallel('server', 'async', null, served),
  inParallel(
    'server',
    'maxStaleness',
    'parallel.server.async true',
    (config) => served(config) && config.parallel.server.async,
  ),
  inParallel('fsdp', 'cpuOffload', null, ({ parallel }) => parallel.zero === 3),
  ofParallel('zero', 'parallel.data ≥ 2', (config) => replicated(config) || wrapped(config)),
  ofParallel('zeroPartition', 'parallel.zero ≥ 1, parallel.data ≥ 2', sharded),
  ofParallel('zeroReduce', null, ({ parallel }) => parallel.zero === 1),
  inParallel('fsdp', 'wrap', 'parallel.zero 3', wrapped),
  inParallel('fsdp', 'reshardAfterForward', 'parallel.zero 3', wrapped),
  ofParallel('sequenceParallel', null, ({ parallel }) => parallel.tensor > 1),
  ofParallel('schedule', 'parallel.pipeline ≥ 2', ordered),
  ofParallel('partition', 'parallel.pipeline ≥ 2', ({ parallel: { pipeline, chunks } }) => pipeline * chunks > 1),
  ofParallel(
    'bucketBytes',
    'parallel.data ≥ 2, parallel.dataMode ddp, parallel.zero ≤ 2',
    (config) => replicated(config) && config.parallel.dataMode === 'ddp' && config.parallel.zero < 3,
  ),
  ofParallel(
    'overlap',
    'parallel.data ≥ 2, parallel.dataMode ddp',
    (config) => config.parallel.dataMode === 'ddp' && (replicated(config) || wrapped(config)),
  ),
  ofParallel('collective', 'parallel.data ≥ 2', exchanges),
  {
    field: 'parallel.compression.kind',
    value: ({ parallel }) => parallel.compression.kind,
    usual: 'none',
    has: replicated,
    needs: 'parallel.data ≥ 2',
    reset: (config) => ({ ...config, parallel: { ...config.parallel, compression: { kind: 'none' } } }),
  },
]

function stray({ value, usual, has }: Effect, config: RunConfig): boolean {
  return JSON.stringify(value(config)) !== JSON.stringify(usual) && !has(config)
}

/** Refuses every field that says something where it means nothing. */
export function effectProblems(config: RunConfig, refuse: (field: string, said: Said) => void): void {
  for (const effect of EFFECTS) {
    if (effect.needs === null || !stray(effect, config)) continue
    const [given, usual] = [effect.value(config), effect.usual].map(show)
    refuse(effect.field, say`${given!} has no effect here: it needs ${effect.needs}; leave it at ${usual!}`)
  }
}

/** The fields that say something where it means nothing. */
export function strayFieldsOf(config: RunConfig): string[] {
  return EFFECTS.filter((effect) => stray(effect, config)).map(({ field }) => field)
}

/** The configuration with the defaults wherever something else would have no effect. */
export function withoutStrayFields(config: RunConfig): RunConfig {
  return EFFECTS.reduce((before, effect) => (stray(effect, before) ? effect.reset(before) : before), config)
}
