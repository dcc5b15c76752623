import { RefusedError } from '../core/errors.ts'
import { say } from '../core/said.ts'
import type { Use } from './check.ts'
import { checkConfig } from './check.ts'
import {
  CONFIG_VERSION,
  DEFAULT_BATCH,
  DEFAULT_CORPUS,
  DEFAULT_OPTIMIZER,
  DEFAULT_SEED,
  DEFAULT_STEPS,
} from './defaults.ts'
import { CORPORA, TOKENIZERS } from './names.ts'
import { readCluster } from './parse/cluster.ts'
import { readModel } from './parse/model.ts'
import { readParallel } from './parse/parallel.ts'
import type { Note } from './reader.ts'
import { Reader, show } from './reader.ts'
import type { BatchConfig, DataConfig, ModelConfig, OptimizerConfig, RunConfig } from './types.ts'

const MOST_STEPS = 1_000_000

/**
 * Anything from outside → a configuration with every default filled in; a finished configuration parses to itself. Throws
 * RefusedError, one line with the field, the value and what is allowed, at the first problem.
 * @param use simulating ignores `data`: a vocabulary smaller than its tokenizer's is then no problem
 */
export function parseConfig(input: unknown, use: Use = 'execute'): RunConfig {
  const config = readConfig(input)
  checkConfig(config, use)
  return config
}

/** The fields on their own; rules between fields are check.ts's. */
export function readConfig(input: unknown, note?: Note): RunConfig {
  const root = new Reader(input, '', note)
  const version = root.choice('version', CONFIG_VERSION, [CONFIG_VERSION])
  const seed = root.integer('seed', DEFAULT_SEED, 0, Number.MAX_SAFE_INTEGER)
  const epochs = root.integerOrNull('epochs', 1, MOST_STEPS)
  const steps = root.integerOrNull('steps', 1, MOST_STEPS)
  if (epochs !== null && steps !== null)
    throw new RefusedError('epochs', say`${epochs} given together with steps; give one of the two`)
  const model = readModel(root.child('model'))
  const config: RunConfig = {
    version,
    seed,
    steps: epochs === null ? (steps ?? DEFAULT_STEPS) : null,
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

function readData(reader: Reader): DataConfig {
  const text = reader.textOrNull('text')
  const tokens = reader.textOrNull('tokens')
  const named = reader.choiceOrNull('corpus', CORPORA)
  const corpus = named ?? (text === null && tokens === null ? DEFAULT_CORPUS : null)
  const sources = [corpus, text, tokens].filter((each) => each !== null)
  if (sources.length > 1)
    throw new RefusedError('data', say`${sources.join(' and ')} given; give one of corpus, text, tokens`)
  const data: DataConfig = {
    corpus,
    tokenizer: reader.choice('tokenizer', 'byte', TOKENIZERS),
    text,
    tokens,
    order: reader.choice('order', tokens === null ? 'shuffled' : 'sequential', ['shuffled', 'sequential']),
    documents: reader.boolean('documents', false),
  }
  reader.end()
  return data
}

function readBatch(reader: Reader, model: ModelConfig): BatchConfig {
  const positive = { type: 'number', exclusiveMinimum: 0 }
  const shares = reader.raw('shares', { type: ['array', 'null'], items: positive, minItems: 1, default: null }) ?? null
  const valid = (x: unknown): x is number => typeof x === 'number' && x > 0 && Number.isFinite(x)
  if (shares !== null && (!Array.isArray(shares) || shares.length === 0 || !shares.every(valid)))
    throw new RefusedError(
      'batch.shares',
      say`${show(shares)} must be null or a list of positive numbers, one per replica`,
    )
  const batch: BatchConfig = {
    global: reader.integer('global', DEFAULT_BATCH.global, 1, 2 ** 24),
    microbatches: reader.integer('microbatches', DEFAULT_BATCH.microbatches, 1, 65_536),
    sequence: reader.integer('sequence', Math.min(DEFAULT_BATCH.sequence, model.context), 1, 10_000_000),
    shares: shares === null ? null : shares.filter(valid),
  }
  reader.end()
  return batch
}

function readOptimizer(reader: Reader): OptimizerConfig {
  const d = DEFAULT_OPTIMIZER
  const beta = { type: 'number', minimum: 0, exclusiveMaximum: 1 }
  const given = reader.raw('betas', { type: 'array', items: beta, minItems: 2, maxItems: 2, default: d.betas })
  const betas = given === undefined ? d.betas : given
  const valid = (x: unknown): x is number => typeof x === 'number' && x >= 0 && x < 1
  const [beta1, beta2, ...more]: readonly unknown[] = Array.isArray(betas) ? betas : []
  if (!valid(beta1) || !valid(beta2) || more.length > 0)
    throw new RefusedError('optimizer.betas', say`${show(betas)} must be two numbers from 0 to below 1`)
  const optimizer: OptimizerConfig = {
    kind: reader.choice('kind', d.kind, ['adamw', 'sgd']),
    learningRate: reader.number('learningRate', d.learningRate, 0, 1000),
    betas: [beta1, beta2],
    // Zero would divide nothing by nothing where a gradient is zero.
    epsilon: reader.number('epsilon', d.epsilon, 1e-30, 1),
    weightDecay: reader.number('weightDecay', d.weightDecay, 0, 1000),
    gradClip: reader.number('gradClip', d.gradClip, 0, 1e9),
    momentum: reader.number('momentum', d.momentum, 0, 1),
    schedule: reader.choice('schedule', d.schedule, ['constant', 'linear', 'cosine']),
    warmupSteps: reader.integer('warmupSteps', d.warmupSteps, 0, MOST_STEPS),
  }
  reader.end()
  return optimizer
}
