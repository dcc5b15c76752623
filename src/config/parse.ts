import { RefusedError } from '../core/errors.ts'
import { MODEL_PRESETS, MODEL_PRESET_NAMES } from '../model/presets.ts'
import type { ModelPreset } from '../model/presets.ts'
import { checkConfig } from './check.ts'
import {
  CONFIG_VERSION,
  DEFAULT_BATCH,
  DEFAULT_CLUSTER,
  DEFAULT_CORPUS,
  DEFAULT_OPTIMIZER,
  DEFAULT_PARALLEL,
  DEFAULT_PRESET,
  DEFAULT_SEED,
  DEFAULT_STEPS,
} from './defaults.ts'
import {
  CORPORA,
  DEVICE_IDS,
  HOST_LINKS,
  INTER_NODE_LINKS,
  INTRA_NODE_LINKS,
  SCHEDULE_IDS,
  TOKENIZERS,
} from './names.ts'
import { Reader, isObject, show, wholeNumber } from './reader.ts'
import type {
  AdapterChoice,
  BatchConfig,
  ClusterConfig,
  CompressionConfig,
  DataConfig,
  FsdpWrap,
  ModelConfig,
  OptimizerConfig,
  ParallelConfig,
  RunConfig,
} from './types.ts'

const HUGE = 2 ** 40

/**
 * Anything from outside → a configuration with every default filled in. Throws RefusedError, one line with the field, the
 * value and what is allowed, at the first problem.
 */
export function parseConfig(input: unknown): RunConfig {
  const config = readConfig(input)
  checkConfig(config)
  return config
}

/** The fields on their own; rules between fields are check.ts's. */
export function readConfig(input: unknown): RunConfig {
  const root = new Reader(input ?? {}, '')
  const version = root.choice('version', CONFIG_VERSION, [CONFIG_VERSION])
  const seed = root.integer('seed', DEFAULT_SEED, 0, Number.MAX_SAFE_INTEGER)
  const model = readModel(root.child('model'))
  const epochs = root.has('epochs') && root.raw('epochs') !== null ? root.integer('epochs', 1, 1, 1_000_000) : (root.raw('epochs'), null)
  if (epochs !== null && root.has('steps') && root.raw('steps') !== null)
    throw new RefusedError('epochs', `${epochs} given together with steps; give one of the two`)
  const steps = epochs === null ? root.integer('steps', DEFAULT_STEPS, 1, 1_000_000) : (root.raw('steps'), null)
  const config: RunConfig = {
    version,
    seed,
    steps,
    epochs,
    precision: root.choice('precision', 'f32', ['f32', 'mixed-bf16', 'mixed-f16']),
    model,
    data: readData(root.child('data')),
    batch: readBatch(root.child('batch'), model),
    optimizer: readOptimizer(root.child('optimizer')),
    parallel: readParallel(root.child('parallel')),
    cluster: readCluster(root.child('cluster')),
  }
  root.end()
  return config
}

function readModel(reader: Reader): ModelConfig {
  const preset = reader.text('preset')
  const given = ['layers', 'heads', 'embed', 'context', 'vocab'].some((key) => reader.has(key))
  const name = preset ?? (given ? null : DEFAULT_PRESET)
  if (name !== null && !MODEL_PRESET_NAMES.some((each) => each === name))
    throw new RefusedError('model.preset', `${show(name)} must be one of ${MODEL_PRESET_NAMES.join(', ')}`)
  const base = name === null ? null : MODEL_PRESETS[name as ModelPreset]
  const size = (key: 'layers' | 'heads' | 'embed' | 'context' | 'vocab', most: number): number => {
    if (base === null && !reader.has(key)) throw new RefusedError(`model.${key}`, 'missing; give it, or a model.preset')
    return reader.integer(key, base?.[key] ?? 0, 1, most)
  }
  const layers = size('layers', 10_000)
  const heads = size('heads', 10_000)
  const embed = size('embed', 1_000_000)
  const context = size('context', 10_000_000)
  const vocab = size('vocab', 10_000_000)
  const family = reader.choice('family', base?.family ?? 'gpt2', ['gpt2', 'llama'])
  const llamaFfn = Math.ceil((8 * embed) / 3 / 256) * 256
  const sameWidth = base !== null && base.embed === embed && base.family === family
  const model: ModelConfig = {
    preset: base !== null && !given ? name : null,
    family,
    layers,
    heads,
    kvHeads: reader.integer('kvHeads', base !== null && base.heads === heads ? base.kvHeads : heads, 1, 10_000),
    embed,
    ffn: reader.integer('ffn', sameWidth ? base.ffn : family === 'llama' ? llamaFfn : 4 * embed, 1, 10_000_000),
    context,
    vocab,
    tied: reader.boolean('tied', base?.tied ?? family === 'gpt2'),
  }
  reader.end()
  return model
}

function readData(reader: Reader): DataConfig {
  const text = reader.text('text')
  const tokens = reader.text('tokens')
  const given = reader.raw('corpus') ?? (text === null && tokens === null ? DEFAULT_CORPUS : null)
  const corpus = given === null ? null : reader.choice('corpus', DEFAULT_CORPUS, CORPORA)
  const sources = [corpus, text, tokens].filter((each) => each !== null)
  if (sources.length > 1) throw new RefusedError('data', `${sources.join(' and ')} given; give one of corpus, text, tokens`)
  const data: DataConfig = {
    corpus,
    tokenizer: reader.choice('tokenizer', 'byte', TOKENIZERS),
    text,
    tokens,
    order: reader.choice('order', tokens === null ? 'shuffled' : 'sequential', ['shuffled', 'sequential']),
  }
  reader.end()
  return data
}

function readBatch(reader: Reader, model: ModelConfig): BatchConfig {
  const shares = reader.raw('shares') ?? null
  if (shares !== null && (!Array.isArray(shares) || !shares.every((x) => typeof x === 'number' && x > 0 && Number.isFinite(x))))
    throw new RefusedError('batch.shares', `${show(shares)} must be null or a list of positive numbers, one per replica`)
  const batch: BatchConfig = {
    global: reader.integer('global', DEFAULT_BATCH.global, 1, HUGE),
    microbatches: reader.integer('microbatches', DEFAULT_BATCH.microbatches, 1, HUGE),
    sequence: reader.integer('sequence', Math.min(DEFAULT_BATCH.sequence, model.context), 1, model.context),
    shares: shares as readonly number[] | null,
  }
  reader.end()
  return batch
}

function readOptimizer(reader: Reader): OptimizerConfig {
  const d = DEFAULT_OPTIMIZER
  const betas = reader.raw('betas') ?? d.betas
  const valid = (x: unknown): x is number => typeof x === 'number' && x >= 0 && x < 1
  if (!Array.isArray(betas) || betas.length !== 2 || !betas.every(valid))
    throw new RefusedError('optimizer.betas', `${show(betas)} must be two numbers from 0 to below 1`)
  const optimizer: OptimizerConfig = {
    kind: reader.choice('kind', d.kind, ['adamw', 'sgd']),
    learningRate: reader.number('learningRate', d.learningRate, 0, 1000),
    betas: [betas[0] as number, betas[1] as number],
    epsilon: reader.number('epsilon', d.epsilon, 0, 1),
    weightDecay: reader.number('weightDecay', d.weightDecay, 0, 1000),
    gradClip: reader.number('gradClip', d.gradClip, 0, 1e9),
    momentum: reader.number('momentum', d.momentum, 0, 1),
    schedule: reader.choice('schedule', d.schedule, ['constant', 'linear', 'cosine']),
    warmupSteps: reader.integer('warmupSteps', d.warmupSteps, 0, 1_000_000),
  }
  reader.end()
  return optimizer
}

function readParallel(reader: Reader): ParallelConfig {
  const d = DEFAULT_PARALLEL
  const server = reader.child('server')
  const fsdp = reader.child('fsdp')
  const parallel: ParallelConfig = {
    data: reader.integer('data', 1, 1, 65_536),
    tensor: reader.integer('tensor', 1, 1, 65_536),
    pipeline: reader.integer('pipeline', 1, 1, 65_536),
    dataMode: reader.choice('dataMode', d.dataMode, ['ddp', 'data-parallel', 'parameter-server']),
    server: {
      at: server.choice('at', d.server.at, ['gpu0', 'cpu', 'sharded']),
      async: server.boolean('async', d.server.async),
      maxStaleness: server.integer('maxStaleness', d.server.maxStaleness, 0, 1_000_000),
    },
    zero: reader.choice('zero', d.zero, [0, 1, 2, 3]),
    zeroPartition: reader.choice('zeroPartition', d.zeroPartition, ['flat', 'greedy']),
    zeroReduce: reader.choice('zeroReduce', d.zeroReduce, ['reduce-scatter', 'all-reduce']),
    fsdp: {
      wrap: readWrap(fsdp.raw('wrap')),
      reshardAfterForward: fsdp.boolean('reshardAfterForward', d.fsdp.reshardAfterForward),
      cpuOffload: fsdp.boolean('cpuOffload', d.fsdp.cpuOffload),
    },
    schedule: reader.choice('schedule', d.schedule, SCHEDULE_IDS),
    chunks: reader.integer('chunks', d.chunks, 1, 10_000),
    partition: readPartition(reader.raw('partition')),
    sequenceParallel: reader.boolean('sequenceParallel', d.sequenceParallel),
    recompute: reader.choice('recompute', d.recompute, ['none', 'selective', 'full']),
    bucketBytes: reader.integer('bucketBytes', d.bucketBytes, 1, HUGE),
    overlap: reader.boolean('overlap', d.overlap),
    collective: reader.choice('collective', d.collective, ['ring', 'tree', 'star']),
    compression: readCompression(reader.child('compression')),
  }
  server.end()
  fsdp.end()
  reader.end()
  return parallel
}

function readPartition(value: unknown): ParallelConfig['partition'] {
  if (value === undefined || value === 'even') return 'even'
  if (value === 'balanced') return value
  if (!Array.isArray(value) || value.length === 0)
    throw new RefusedError('parallel.partition', `${show(value)} must be "even", "balanced" or a list of blocks per stage`)
  return value.map((each, i) => wholeNumber(`parallel.partition.${i}`, each, 0, 10_000))
}

function readWrap(value: unknown): FsdpWrap {
  if (value === undefined || value === 'block') return 'block'
  if (value === 'all') return value
  if (isObject(value) && Object.keys(value).length === 1 && 'minParameters' in value)
    return { minParameters: wholeNumber('parallel.fsdp.wrap.minParameters', value.minParameters, 1, HUGE) }
  if (Array.isArray(value) && value.length > 0 && value.every((unit) => Array.isArray(unit) && unit.every((m) => typeof m === 'string')))
    return value as readonly (readonly string[])[]
  throw new RefusedError(
    'parallel.fsdp.wrap',
    `${show(value)} must be "block", "all", {"minParameters": N} or a list of lists of module names`,
  )
}

function readCompression(reader: Reader): CompressionConfig {
  const kind = reader.choice('kind', 'none', ['none', 'fp16', 'int8', 'topk'])
  const compression: CompressionConfig =
    kind === 'topk'
      ? { kind, ratio: reader.number('ratio', 0.01, 1e-6, 1), errorFeedback: reader.boolean('errorFeedback', true) }
      : { kind }
  reader.end()
  return compression
}

const ADAPTERS: readonly AdapterChoice[] = ['high-performance', 'low-power', 'fallback']

function readAdapters(value: unknown): ClusterConfig['adapters'] {
  if (value === undefined || value === 'default') return 'default'
  if (!Array.isArray(value))
    throw new RefusedError('cluster.adapters', `${show(value)} must be "default" or a list with one of ${ADAPTERS.join(', ')} per rank`)
  return value.map((each, i) => {
    const found = ADAPTERS.find((name) => name === each)
    if (!found) throw new RefusedError(`cluster.adapters.${i}`, `${show(each)} must be one of ${ADAPTERS.join(', ')}`)
    return found
  })
}

function readCluster(reader: Reader): ClusterConfig {
  const d = DEFAULT_CLUSTER
  const stragglers = reader.raw('stragglers') ?? []
  if (!Array.isArray(stragglers)) throw new RefusedError('cluster.stragglers', `${show(stragglers)} must be a list`)
  const optional = (key: string) => (reader.raw(key) === null || !reader.has(key) ? null : reader.integer(key, 1, 1, 2 ** 50))
  const cluster: ClusterConfig = {
    adapters: readAdapters(reader.raw('adapters')),
    device: reader.choice<string>('device', d.device, DEVICE_IDS),
    devicesPerNode: reader.integer('devicesPerNode', d.devicesPerNode, 1, 65_536),
    nicsPerNode: optional('nicsPerNode'),
    intraNode: reader.choice<string>('intraNode', d.intraNode, INTRA_NODE_LINKS),
    interNode: reader.choice<string>('interNode', d.interNode, INTER_NODE_LINKS),
    hostLink: reader.choice<string>('hostLink', d.hostLink, HOST_LINKS),
    memoryBytes: optional('memoryBytes'),
    stragglers: stragglers.map((each: unknown, i) => {
      const entry = new Reader(each, `cluster.stragglers.${i}`)
      const straggler = { rank: entry.integer('rank', -1, 0, 65_536), slowdown: entry.number('slowdown', 0, 1, 1000) }
      entry.end()
      return straggler
    }),
  }
  reader.end()
  return cluster
}
