import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { RefusedError } from '../../../src/core/errors.ts'
import { validateProgram } from '../../../src/schedule/validate.ts'
import { buildProgram } from '../../../src/strategy/build.ts'

/** What random configurations found, each as small as it gets; what is mended stays mended. */

const compressed = (kind: string, extra: object = {}) => ({
  parallel: { data: 2, pipeline: 2, compression: { kind }, ...extra },
})
const interleaved = { data: 2, pipeline: 2, schedule: 'interleaved-1f1b', chunks: 2, zero: 1 }

test.each<[string, object]>([
  // The tied embedding waits for the other stage, and compute behind its encoding waited with it.
  ['compressed gradients beside a pipeline that shares the embedding', compressed('fp16')],
  ['the same in int8', compressed('int8')],
  ['the same as pairs', compressed('topk')],
  ['the same without a pipeline schedule', compressed('fp16', { schedule: 'naive' })],
  ['the same under GPipe', compressed('int8', { schedule: 'gpipe' })],
  // Buckets behind that of the tied embedding waited on its stream, and what reused their memory with them.
  ['ZeRO-1 in several buckets on an interleaved pipeline', { parallel: { ...interleaved, bucketBytes: 200_000 } }],
  [
    'the same with more micro-batches and buckets',
    { parallel: { ...interleaved, bucketBytes: 50_000 }, batch: { global: 16, microbatches: 8 } },
  ],
  // A rank that owns nothing of a bucket takes part in its all-reduce without reading the sum.
  [
    'ZeRO-1 with an all-reduce, where a rank owns nothing of a bucket',
    { model: { preset: 'micro' }, parallel: { data: 2, zero: 1, zeroReduce: 'all-reduce' } },
  ],
])('%s', (_name, input) => {
  expect(() => validateProgram(buildProgram(parseConfig(input)))).not.toThrow()
  expect(parseConfig(input, 'simulate')).toEqual(parseConfig(input))
})

test.each<[object, string]>([
  // It takes micro-batches one after the other: in another order gradients were added to before they were written.
  [
    { parallel: { data: 2, dataMode: 'data-parallel', schedule: 'gpipe' } },
    'parallel.schedule: gpipe reorders micro-batches, which data-parallel takes one after the other; use 1f1b',
  ],
  [
    { parallel: { zeroPartition: 'greedy' } },
    'parallel.zeroPartition: "greedy" has no effect here: it needs parallel.zero ≥ 1, parallel.data ≥ 2; leave it at "flat"',
  ],
  [{ parallel: { zero: 1 } }, 'parallel.zero: 1 has no effect here: it needs parallel.data ≥ 2; leave it at 0'],
  [{ optimizer: { momentum: 0.5 } }, 'optimizer.momentum: 0.5 has no effect here: it needs optimizer.kind sgd'],
  [{ optimizer: { kind: 'sgd', betas: [0.8, 0.9] } }, 'optimizer.betas: [0.8,0.9] has no effect here'],
  [{ batch: { shares: [1] } }, 'batch.shares: [1] has no effect here: it needs parallel.data ≥ 2; leave it at null'],
  [{ data: { tokens: 'ids.bin', tokenizer: 'bpe' } }, 'data.tokenizer: "bpe" has no effect here'],
  [{ parallel: { dataMode: 'data-parallel' } }, 'parallel.dataMode: "data-parallel" has no effect here'],
  [{ parallel: { data: 2, server: { at: 'cpu' } } }, 'parallel.server.at: "cpu" has no effect here'],
  [
    { parallel: { data: 2, dataMode: 'parameter-server', server: { maxStaleness: 2 } } },
    'parallel.server.maxStaleness: 2 has no effect here: it needs parallel.server.async true; leave it at 0',
  ],
  [{ parallel: { data: 2, zero: 2, fsdp: { wrap: 'all' } } }, 'parallel.fsdp.wrap: "all" has no effect here'],
  [{ parallel: { fsdp: { reshardAfterForward: false } } }, 'parallel.fsdp.reshardAfterForward: false has no effect'],
  [{ parallel: { schedule: 'naive' } }, 'parallel.schedule: "naive" has no effect here'],
  [{ parallel: { partition: 'balanced' } }, 'parallel.partition: "balanced" has no effect here'],
  [{ parallel: { data: 2, zero: 3, bucketBytes: 1000 } }, 'parallel.bucketBytes: 1000 has no effect here'],
  [{ parallel: { tensor: 2, overlap: false } }, 'parallel.overlap: false has no effect here'],
  [{ parallel: { collective: 'tree' } }, 'parallel.collective: "tree" has no effect here'],
  [{ parallel: { compression: { kind: 'fp16' } } }, 'parallel.compression.kind: "fp16" has no effect here'],
])('%j is refused, by train and simulate alike', (input, message) => {
  for (const use of ['execute', 'simulate'] as const)
    expect(() => parseConfig(input, use)).toThrow(
      expect.objectContaining({ name: 'RefusedError', message: expect.stringContaining(message) }),
    )
})

test.each<[string, object]>([
  ['a CPU server for one worker', { parallel: { dataMode: 'parameter-server', server: { at: 'cpu' } } }],
  [
    'offload on one device',
    { parallel: { zero: 3, overlap: false, fsdp: { cpuOffload: true, wrap: 'all', reshardAfterForward: false } } },
  ],
  ['selective recomputation', { parallel: { recompute: 'selective' } }],
  ['GPipe on one stage, which holds more', { parallel: { schedule: 'gpipe' } }],
  ['a tree for the clipped norm of a pipeline', { parallel: { pipeline: 2, collective: 'tree' } }],
])('%s is accepted: it has an effect', (_name, input) => {
  expect(() => parseConfig(input)).not.toThrow()
})

test('a Program too large to wait for is refused before it is built', () => {
  for (const input of [
    { parallel: { data: 65_536 }, batch: { global: 65_536, microbatches: 1 } },
    { parallel: { data: 1024, dataMode: 'data-parallel' }, batch: { global: 1024, microbatches: 1 } },
    { batch: { global: 65_536, microbatches: 65_536 } },
  ])
    expect(() => buildProgram(parseConfig(input))).toThrow(RefusedError)
  const long = { model: { preset: 'gpt2-xl' }, batch: { global: 65_536, microbatches: 65_536 } }
  expect(() => parseConfig({ ...long, parallel: { pipeline: 24 } })).toThrow(
    'batch.microbatches: 65536 on 24 stages are a schedule of 4718592 actions; at most 2000000',
  )
})
