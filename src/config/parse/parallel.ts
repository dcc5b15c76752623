import { RefusedError } from '../../core/errors.ts'
import { say } from '../../core/said.ts'
import { DEFAULT_PARALLEL } from '../defaults.ts'
import { SCHEDULE_IDS } from '../names.ts'
import type { Reader } from '../reader.ts'
import { isObject, show, wholeNumber } from '../reader.ts'
import type { CompressionConfig, FsdpWrap, ParallelConfig } from '../types.ts'

const MOST_BYTES = 2 ** 40
const MOST_BLOCKS = 10_000

export function readParallel(reader: Reader): ParallelConfig {
  const d = DEFAULT_PARALLEL
  const parallel: ParallelConfig = {
    data: reader.integer('data', d.data, 1, 65_536),
    tensor: reader.integer('tensor', d.tensor, 1, 65_536),
    pipeline: reader.integer('pipeline', d.pipeline, 1, 65_536),
    dataMode: reader.choice('dataMode', d.dataMode, ['ddp', 'data-parallel', 'parameter-server']),
    server: readServer(reader.child('server')),
    zero: reader.choice('zero', d.zero, [0, 1, 2, 3]),
    zeroPartition: reader.choice('zeroPartition', d.zeroPartition, ['flat', 'greedy']),
    zeroReduce: reader.choice('zeroReduce', d.zeroReduce, ['reduce-scatter', 'all-reduce']),
    fsdp: readFsdp(reader.child('fsdp')),
    schedule: reader.choice('schedule', d.schedule, SCHEDULE_IDS),
    chunks: reader.integer('chunks', d.chunks, 1, MOST_BLOCKS),
    partition: readPartition(reader),
    sequenceParallel: reader.boolean('sequenceParallel', d.sequenceParallel),
    recompute: reader.choice('recompute', d.recompute, ['none', 'selective', 'full']),
    bucketBytes: reader.integer('bucketBytes', d.bucketBytes, 1, MOST_BYTES),
    overlap: reader.boolean('overlap', d.overlap),
    collective: reader.choice('collective', d.collective, ['ring', 'tree', 'star']),
    compression: readCompression(reader.child('compression')),
  }
  reader.end()
  return parallel
}

function readServer(reader: Reader): ParallelConfig['server'] {
  const d = DEFAULT_PARALLEL.server
  const server = {
    at: reader.choice('at', d.at, ['gpu0', 'cpu', 'sharded']),
    async: reader.boolean('async', d.async),
    maxStaleness: reader.integer('maxStaleness', d.maxStaleness, 0, 1_000_000),
  }
  reader.end()
  return server
}

function readFsdp(reader: Reader): ParallelConfig['fsdp'] {
  const d = DEFAULT_PARALLEL.fsdp
  const fsdp = {
    wrap: readWrap(reader),
    reshardAfterForward: reader.boolean('reshardAfterForward', d.reshardAfterForward),
    cpuOffload: reader.boolean('cpuOffload', d.cpuOffload),
  }
  reader.end()
  return fsdp
}

function readPartition(reader: Reader): ParallelConfig['partition'] {
  const blocks = { type: 'array', minItems: 1, items: { type: 'integer', minimum: 1, maximum: MOST_BLOCKS } }
  const value = reader.raw('partition', { anyOf: [{ enum: ['even', 'balanced'] }, blocks], default: 'even' })
  if (value === undefined || value === 'even') return 'even'
  if (value === 'balanced') return value
  if (!Array.isArray(value) || value.length === 0)
    throw new RefusedError(
      'parallel.partition',
      say`${show(value)} must be "even", "balanced" or a list of blocks per stage`,
    )
  return value.map((each, i) => wholeNumber(`parallel.partition.${i}`, each, 1, MOST_BLOCKS))
}

const texts = { type: 'array', minItems: 1, items: { type: 'string' } }
const WRAP = {
  anyOf: [
    { enum: ['block', 'all'] },
    {
      type: 'object',
      properties: { minParameters: { type: 'integer', minimum: 1, maximum: MOST_BYTES } },
      required: ['minParameters'],
      additionalProperties: false,
    },
    { type: 'array', minItems: 1, items: texts },
  ],
  default: 'block',
}

function isUnit(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((module) => typeof module === 'string')
}

function readWrap(reader: Reader): FsdpWrap {
  const value = reader.raw('wrap', WRAP)
  if (value === undefined || value === 'block') return 'block'
  if (value === 'all') return value
  if (isObject(value) && Object.keys(value).length === 1 && 'minParameters' in value)
    return { minParameters: wholeNumber('parallel.fsdp.wrap.minParameters', value.minParameters, 1, MOST_BYTES) }
  if (Array.isArray(value) && value.length > 0 && value.every(isUnit)) return value
  throw new RefusedError(
    'parallel.fsdp.wrap',
    say`${show(value)} must be "block", "all", {"minParameters": N} or a list of lists of module names`,
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
