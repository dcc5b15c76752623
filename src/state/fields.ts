import { meshSize } from '../core/mesh.ts'
import type { RunConfig } from '../config/types.ts'
import type { Draft, DraftValue } from './draft-path.ts'
import { readPath } from './draft-path.ts'

/**
 * How one field of the configuration is edited. Ranges limit the control; the configuration's own checks are decisive.
 */
export type FieldSpec =
  | {
      readonly kind: 'number'
      readonly min: number
      readonly max: number
      /** Step of the arrows, in displayed units. */
      readonly step: number
      readonly integer: boolean
      /** Value = displayed · scale (1 MiB = 1,048,576 B). */
      readonly scale?: number
      readonly unit?: 'MiB' | 'MB' | 'tokens' | 'samples' | 'steps'
      /** An empty box means null. */
      readonly nullable?: boolean
    }
  /** `values` has an option's value where it differs from its name. */
  | {
      readonly kind: 'choice'
      readonly options: readonly string[]
      readonly values?: Readonly<Record<string, DraftValue>>
    }
  | { readonly kind: 'switch' }
  /** Slowdown factor of each rank; a list of the slow ones. */
  | { readonly kind: 'slowdowns' }
  /** The adapter of each rank. */
  | { readonly kind: 'adapters' }

/** The option of a value: its own name, the one that writes it, or the one that names its shape. */
export function optionOf(spec: Extract<FieldSpec, { kind: 'choice' }>, value: unknown): string {
  const text = JSON.stringify(value)
  const written = Object.entries(spec.values ?? {}).find(([, each]) => JSON.stringify(each) === text)
  if (written) return written[0]
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return text
  return 'kind' in value ? String(value.kind) : (Object.keys(value)[0] ?? text)
}

const count = (min: number, max: number, unit?: 'tokens' | 'samples' | 'steps'): FieldSpec => ({
  kind: 'number',
  min,
  max,
  step: 1,
  integer: true,
  ...(unit === undefined ? {} : { unit }),
})

export const FIELD_SPECS = {
  seed: count(0, 4294967295),
  steps: count(1, 1_000_000, 'steps'),
  'model.family': { kind: 'choice', options: ['GPT-2', 'LLaMA'], values: { 'GPT-2': 'gpt2', LLaMA: 'llama' } },
  'model.layers': count(1, 96),
  'model.heads': count(1, 96),
  'model.kvHeads': count(1, 96),
  'model.embed': { kind: 'number', min: 8, max: 12288, step: 8, integer: true },
  'model.context': count(1, 4096, 'tokens'),
  'model.vocab': count(2, 60000),
  'data.corpus': { kind: 'choice', options: ['translation-de-en', 'addition', 'sorting', 'brackets'] },
  'data.tokenizer': { kind: 'choice', options: ['byte', 'char', 'bpe', 'gpt2'] },
  'data.documents': { kind: 'switch' },
  'batch.global': count(1, 4096, 'samples'),
  'batch.microbatches': count(1, 256),
  'batch.sequence': count(1, 4096, 'tokens'),
  'optimizer.kind': { kind: 'choice', options: ['adamw', 'sgd'] },
  'optimizer.learningRate': { kind: 'number', min: 0, max: 1, step: 0.0001, integer: false },
  'optimizer.schedule': { kind: 'choice', options: ['constant', 'linear', 'cosine'] },
  'optimizer.warmupSteps': count(0, 100_000, 'steps'),
  'optimizer.weightDecay': { kind: 'number', min: 0, max: 1, step: 0.01, integer: false },
  'optimizer.gradClip': { kind: 'number', min: 0, max: 100, step: 0.1, integer: false },
  'optimizer.momentum': { kind: 'number', min: 0, max: 0.9999, step: 0.05, integer: false },
  'parallel.data': count(1, 16),
  'parallel.tensor': count(1, 16),
  'parallel.sequenceParallel': { kind: 'switch' },
  'parallel.pipeline': count(1, 16),
  'parallel.server.at': { kind: 'choice', options: ['gpu0', 'cpu', 'sharded'] },
  'parallel.server.maxStaleness': count(0, 64),
  'parallel.zero': {
    kind: 'choice',
    options: ['zero0', 'zero1', 'zero2', 'zero3'],
    values: { zero0: 0, zero1: 1, zero2: 2, zero3: 3 },
  },
  'parallel.zeroPartition': { kind: 'choice', options: ['flat', 'greedy'] },
  'parallel.zeroReduce': { kind: 'choice', options: ['reduce-scatter', 'all-reduce'] },
  'parallel.fsdp.wrap': {
    kind: 'choice',
    options: ['block', 'all', 'minParameters'],
    values: { minParameters: { minParameters: 50_000 } },
  },
  'parallel.fsdp.wrap.minParameters': count(1, 1_000_000_000),
  'parallel.fsdp.reshardAfterForward': { kind: 'switch' },
  'parallel.fsdp.cpuOffload': { kind: 'switch' },
  'parallel.compression': {
    kind: 'choice',
    options: ['none', 'fp16', 'int8', 'topk'],
    values: { none: { kind: 'none' }, fp16: { kind: 'fp16' }, int8: { kind: 'int8' }, topk: { kind: 'topk' } },
  },
  'parallel.compression.ratio': { kind: 'number', min: 0.000001, max: 1, step: 0.01, integer: false },
  'parallel.compression.errorFeedback': { kind: 'switch' },
  'parallel.schedule': {
    kind: 'choice',
    options: ['naive', 'gpipe', '1f1b', 'interleaved-1f1b', 'zb-h1', 'zb-h2', 'zb-v'],
  },
  'parallel.chunks': count(1, 8),
  'parallel.partition': { kind: 'choice', options: ['even', 'balanced'] },
  'parallel.recompute': { kind: 'choice', options: ['none', 'selective', 'full'] },
  'parallel.bucketBytes': {
    kind: 'number',
    min: 0.01,
    max: 1024,
    step: 1,
    integer: false,
    scale: 1048576,
    unit: 'MiB',
  },
  'parallel.overlap': { kind: 'switch' },
  'parallel.collective': { kind: 'choice', options: ['ring', 'tree', 'star'] },
  'cluster.memoryBytes': {
    kind: 'number',
    min: 0.1,
    max: 1e6,
    step: 1,
    integer: false,
    scale: 1e6,
    unit: 'MB',
    nullable: true,
  },
  'cluster.adapters': { kind: 'adapters' },
  'cluster.stragglers': { kind: 'slowdowns' },
} as const satisfies Record<string, FieldSpec>

export type FieldPath = keyof typeof FIELD_SPECS

/** Fields of each collapsible section of the panel. */
export const SECTION_FIELDS = {
  model: [
    'model.family',
    'model.layers',
    'model.heads',
    'model.kvHeads',
    'model.embed',
    'model.context',
    'model.vocab',
  ],
  data: ['data.corpus', 'data.tokenizer'],
  batch: ['batch.global', 'batch.sequence', 'steps', 'seed'],
  optimizer: [
    'optimizer.kind',
    'optimizer.learningRate',
    'optimizer.schedule',
    'optimizer.warmupSteps',
    'optimizer.weightDecay',
    'optimizer.gradClip',
  ],
  cluster: ['cluster.memoryBytes', 'cluster.adapters', 'cluster.stragglers'],
} as const satisfies Record<string, readonly FieldPath[]>

/** Number of ranks of a configuration, without a CPU server. */
export function worldSize({ parallel }: RunConfig): number {
  return meshSize(parallel)
}

/** The ranks of a draft, valid or not: a control for fixing a refused draft must not use those of the last valid one. */
export function ranksOf(draft: Draft): number {
  const size = (axis: string) => {
    const value = readPath(draft, `parallel.${axis}`)
    return typeof value === 'number' && value >= 1 ? Math.floor(value) : 1
  }
  return size('data') * size('tensor') * size('pipeline')
}
