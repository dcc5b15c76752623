import { refused } from '../../core/errors.ts'
import { above, atLeast, field, group, is, variants } from '../field.ts'
import type { FieldType } from '../field.ts'
import { SCHEDULE_IDS } from '../names.ts'
import { isObject, quoted } from '../quoted.ts'
import { between, choice, integer, flag } from '../field-types.ts'

const bytes = integer(1, 2 ** 40)
const blocks = integer(1, 10_000)
const degree = integer(1, 65_536)

const partition: FieldType<'even' | 'balanced' | readonly number[]> = {
  read(path, value) {
    if (value === 'even' || value === 'balanced') return value
    if (!Array.isArray(value) || value.length === 0) throw refused(path, 'not-a-partition', { value: quoted(value) })
    return value.map((each, i) => blocks.read(`${path}.${i}`, each))
  },
  schema: { anyOf: [{ enum: ['even', 'balanced'] }, { type: 'array', minItems: 1, items: blocks.schema }] },
  options: ['even', 'balanced'],
}

function isUnit(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((module) => typeof module === 'string')
}

/** What FSDP gathers together. */
const wrap: FieldType<'block' | 'all' | { readonly minParameters: number } | readonly (readonly string[])[]> = {
  read(path, value) {
    if (value === 'block' || value === 'all') return value
    if (isObject(value) && Object.keys(value).length === 1 && 'minParameters' in value)
      return { minParameters: bytes.read(`${path}.minParameters`, value['minParameters']) }
    if (Array.isArray(value) && value.length > 0 && value.every(isUnit)) return value
    throw refused(path, 'not-a-wrap', { value: quoted(value) })
  },
  schema: {
    anyOf: [
      { enum: ['block', 'all'] },
      {
        type: 'object',
        properties: { minParameters: bytes.schema },
        required: ['minParameters'],
        additionalProperties: false,
      },
      { type: 'array', minItems: 1, items: { type: 'array', minItems: 1, items: { type: 'string' } } },
    ],
  },
  options: ['block', 'all'],
}

const replicated = atLeast('parallel.data', 2)
const staged = atLeast('parallel.pipeline', 2)
const clipped = above('optimizer.gradClip', 0)
const ddp = is('parallel.dataMode', 'ddp')
const served = is('parallel.dataMode', 'parameter-server')
const fullySharded = is('parallel.zero', 3)
const offloaded = is('parallel.fsdp.cpuOffload', true)

/** Parameters are gathered unit by unit: from other replicas, or from the host. */
const units = [
  [fullySharded, replicated],
  [fullySharded, offloaded],
]

export const PARALLEL = group({
  data: field(degree, 1),
  tensor: field(degree, 1),
  pipeline: field(degree, 1),
  dataMode: field(choice(['ddp', 'data-parallel', 'parameter-server']), 'ddp', {
    when: [[replicated], [served, is('parallel.server.at', 'cpu')]],
  }),
  server: group({
    at: field(choice(['gpu0', 'cpu', 'sharded']), 'gpu0', { when: [[served]] }),
    async: field(flag, false, { when: [[served]] }),
    maxStaleness: field(integer(0, 1_000_000), 0, { when: [[is('parallel.server.async', true), served]] }),
  }),
  zero: field(choice([0, 1, 2, 3]), 0, { when: [[replicated], [fullySharded, offloaded]] }),
  zeroPartition: field(choice(['flat', 'greedy']), 'flat', { when: [[atLeast('parallel.zero', 1), replicated]] }),
  /**
   * ZeRO-1's gradient reduction: reduce-scatter, or the didactic variant that all-reduces first (an addition to the
   * contract).
   */
  zeroReduce: field(choice(['reduce-scatter', 'all-reduce']), 'reduce-scatter', { when: [[is('parallel.zero', 1)]] }),
  fsdp: group({
    wrap: field(wrap, 'block', { when: units }),
    reshardAfterForward: field(flag, true, { when: units }),
    cpuOffload: field(flag, false, { when: [[fullySharded]] }),
  }),
  /**
   * On one stage all schedules order forward and backward alike, except GPipe and those that split the backward pass.
   */
  schedule: field(choice(SCHEDULE_IDS), '1f1b', {
    when: [
      [staged],
      [is('parallel.schedule', '1f1b', 'interleaved-1f1b', 'zb-h1', 'zb-h2', 'zb-v')],
      [is('parallel.schedule', 'gpipe'), atLeast('batch.microbatches', 2)],
    ],
  }),
  /** Virtual stages per rank. */
  chunks: field(blocks, 1),
  partition: field(partition, 'even', { when: [[staged], [atLeast('parallel.chunks', 2)]] }),
  sequenceParallel: field(flag, false, { when: [[atLeast('parallel.tensor', 2)]] }),
  recompute: field(choice(['none', 'selective', 'full']), 'none'),
  bucketBytes: field(bytes, 26_214_400, { when: [[replicated, ddp, is('parallel.zero', 0, 1, 2)]] }),
  overlap: field(flag, true, {
    when: [
      [replicated, ddp],
      [ddp, fullySharded, offloaded],
    ],
  }),
  /** A server's push and pull are point-to-point messages: only the norm's exchange follows this. */
  collective: field(choice(['ring', 'tree', 'star']), 'ring', {
    when: [
      [replicated, is('parallel.dataMode', 'ddp', 'data-parallel')],
      [atLeast('parallel.tensor', 2)],
      [staged, is('model.tied', true)],
      [staged, clipped],
      [served, is('parallel.server.at', 'sharded'), replicated, clipped],
    ],
  }),
  compression: variants(
    {
      none: {},
      fp16: {},
      int8: {},
      topk: { ratio: field(between(1e-6, 1), 0.01), errorFeedback: field(flag, true) },
    },
    'none',
    { when: [[replicated, ddp, is('parallel.zero', 0)]] },
  ),
})
