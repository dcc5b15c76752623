import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { problemsOf } from '../../../src/config/check.ts'
import { explainConfig } from '../../../src/config/explain.ts'
import { parseConfig, readConfig } from '../../../src/config/parse.ts'
import { RefusedError } from '../../../src/core/errors.ts'

function refusal(input: unknown, use?: 'simulate'): string {
  try {
    parseConfig(input, use)
  } catch (error) {
    if (error instanceof RefusedError) return error.message
    throw error
  }
  return 'accepted'
}

/** The defaults the contract states, written out once more. */
test('{} is one device, nano, German to English', () => {
  expect(parseConfig({})).toEqual({
    version: 1,
    seed: 1234,
    steps: 20,
    epochs: null,
    precision: 'f32',
    model: {
      preset: 'nano',
      family: 'gpt2',
      layers: 4,
      heads: 4,
      kvHeads: 4,
      headSize: 16,
      embed: 64,
      ffn: 256,
      context: 64,
      vocab: 256,
      tied: true,
      ropeTheta: 10_000,
      normEpsilon: 1e-5,
      attention: null,
      dropout: null,
    },
    data: {
      corpus: 'translation-de-en',
      tokenizer: 'byte',
      text: null,
      tokens: null,
      order: 'shuffled',
      documents: false,
    },
    batch: { global: 8, microbatches: 2, sequence: 64, shares: null },
    optimizer: {
      kind: 'adamw',
      learningRate: 1e-3,
      betas: [0.9, 0.95],
      epsilon: 1e-8,
      weightDecay: 0.1,
      gradClip: 1,
      momentum: 0.9,
      schedule: 'constant',
      warmupSteps: 0,
    },
    parallel: {
      data: 1,
      tensor: 1,
      pipeline: 1,
      dataMode: 'ddp',
      server: { at: 'gpu0', async: false, maxStaleness: 0 },
      zero: 0,
      zeroPartition: 'flat',
      zeroReduce: 'reduce-scatter',
      fsdp: { wrap: 'block', reshardAfterForward: true, cpuOffload: false },
      schedule: '1f1b',
      chunks: 1,
      partition: 'even',
      sequenceParallel: false,
      recompute: 'none',
      bucketBytes: 26214400,
      overlap: true,
      collective: 'ring',
      compression: { kind: 'none' },
    },
    cluster: {
      software: null,
      adapters: 'default',
      device: 'this',
      devicesPerNode: 8,
      nicsPerNode: null,
      oversubscription: 1,
      intraNode: 'nvlink4',
      interNode: 'ib-ndr400',
      hostLink: 'pcie4',
      memoryBytes: null,
      stragglers: [],
    },
    reliability: null,
  })
})

describe('defaults that depend on other fields', () => {
  const shape = { layers: 2, heads: 4, embed: 32, context: 16, vocab: 300 }

  test('a shape field by field: no preset, sequence within the context', () => {
    const { model, batch } = parseConfig({ model: shape })
    expect(model).toEqual({
      preset: null,
      family: 'gpt2',
      ...shape,
      kvHeads: 4,
      headSize: 8,
      ffn: 128,
      tied: true,
      attention: null,
      dropout: null,
      ropeTheta: 10_000,
      normEpsilon: 1e-5,
    })
    expect(batch.sequence).toBe(16)
    expect(parseConfig({ model: { preset: 'gpt2' } }).batch.sequence).toBe(64)
  })

  test('the size of a head: the width over the heads, unless it is given', () => {
    expect(parseConfig({ model: shape }).model.headSize).toBe(8)
    expect(parseConfig({ model: { ...shape, headSize: null } }).model.headSize).toBe(8)
    expect(parseConfig({ model: { ...shape, heads: 3, headSize: 5 } }).model).toMatchObject({ heads: 3, headSize: 5 })
    expect(parseConfig({ model: { preset: 'nano', headSize: 8 } }).model).toMatchObject({ preset: null, embed: 64 })
  })

  test('what only simulates is refused where it would execute', () => {
    expect(() => parseConfig({ precision: 'mixed-bf16' })).toThrow(
      'precision: "mixed-bf16" is for simulate; execution takes "f32"',
    )
    expect(parseConfig({ precision: 'mixed-f16' }, 'simulate').precision).toBe('mixed-f16')
  })

  test('LLaMA: untied, its own width of the MLP', () => {
    const { model } = parseConfig({ model: { ...shape, embed: 4096, heads: 32, family: 'llama' } }, 'simulate')
    expect(model).toMatchObject({ ffn: 11008, tied: false, kvHeads: 32 })
    expect(parseConfig({ model: { preset: 'llama-2-70b' } }, 'simulate').model).toMatchObject({
      kvHeads: 8,
      ffn: 28672,
    })
    expect(parseConfig({ model: { ...shape, family: 'llama' } }).model).toMatchObject({ kvHeads: 4, tied: false })
  })

  test("the constants of a model: a preset's, kept with its sizes, not with another family", () => {
    const constants = (model: object) => {
      const { ropeTheta, normEpsilon } = parseConfig({ model }, 'simulate').model
      return { ropeTheta, normEpsilon }
    }
    const usual = { ropeTheta: 10_000, normEpsilon: 1e-5 }
    expect(constants({ preset: 'llama-2-7b' })).toEqual(usual)
    expect(constants({ preset: 'llama-3-8b', layers: 2 })).toEqual({ ...usual, ropeTheta: 500_000 })
    expect(constants({ preset: 'llama-3-8b', family: 'gpt2' })).toEqual(usual)
    expect(constants({ ...shape, normEpsilon: 1e-6 })).toEqual({ ...usual, normEpsilon: 1e-6 })
  })

  test('a preset with fields of its own keeps the rest, but not the name', () => {
    expect(parseConfig({ model: { preset: 'gpt2', layers: 2 } }).model).toMatchObject({
      preset: null,
      layers: 2,
      embed: 768,
    })
    expect(parseConfig({ model: { preset: 'nano', embed: 128 } }).model.ffn).toBe(512)
    expect(parseConfig({ model: { preset: 'gpt2', tied: false } }).model.preset).toBeNull()
    expect(parseConfig({ model: { layers: 2 } }).model).toEqual({ ...parseConfig({}).model, preset: null, layers: 2 })
  })

  test('raw tokens come in order, and ask for no vocabulary; epochs leave no steps', () => {
    const { data, steps, epochs } = parseConfig({
      model: { ...shape, vocab: 61 },
      data: { tokens: 't.bin' },
      epochs: 2,
    })
    expect(data).toMatchObject({ corpus: null, tokens: 't.bin', order: 'sequential' })
    expect([steps, epochs]).toEqual([null, 2])
    expect(parseConfig({ data: { text: 'a.txt' } }).data).toMatchObject({ corpus: null, order: 'shuffled' })
  })
})

const pipeline = (parallel: object, layers = 8) => ({
  model: { preset: 'nano', layers },
  parallel,
  batch: { microbatches: 4 },
})

describe('refusals name the field, the value and what is allowed', () => {
  test.each<[unknown, string]>([
    [{ sped: 1 }, 'sped: unknown; allowed here: batch, cluster,'],
    [
      { parallel: { fsdp: { warp: 'block' } } },
      'parallel.fsdp.warp: unknown; allowed here: cpuOffload, reshardAfterForward, wrap',
    ],
    [JSON.parse('{"__proto__":{}}'), '__proto__: unknown'],
    [{ model: { preset: 'toString' } }, 'model.preset: "toString" must be one of nano, micro'],
    [[], 'configuration: [] must be an object'],
    [null, 'configuration: null must be an object'],
    [{ model: null }, 'model: null must be an object'],
    [{ version: 2 }, 'version: 2 must be one of 1'],
    [{ seed: null }, 'seed: null must be a whole number from 0'],
    [{ steps: 0 }, 'steps: 0 must be a whole number from 1 to 1000000'],
    [{ steps: 1.5 }, 'steps: 1.5 must be a whole number'],
    [{ steps: '20' }, 'steps: "20" must be a whole number'],
    [{ steps: 3, epochs: 2 }, 'epochs: 2 given together with steps'],
    [{ precision: 'bf16' }, 'precision: "bf16" must be one of f32, mixed-bf16, mixed-f16'],
    [{ model: { preset: 'nano', heads: 5 } }, 'model.heads: 5 does not divide model.embed: 64'],
    [{ model: { preset: 'nano', headSize: 0 } }, 'model.headSize: 0 must be a whole number from 1 to 10000'],
    [{ model: { preset: 'nano', headSize: 2.5 } }, 'model.headSize: 2.5 must be a whole number from 1 to 10000'],
    [{ model: { preset: 'nano', kvHeads: 3 } }, 'model.kvHeads: 3 does not divide model.heads: 4'],
    [{ model: { preset: 'nano', kvHeads: 2 } }, 'model.kvHeads: 2 must equal model.heads (4) in family gpt2'],
    [
      { model: { preset: 'nano', ropeTheta: 500 } },
      'model.ropeTheta: 500 has no effect here: it needs model.family llama; leave it at 10000',
    ],
    [{ model: { preset: 'nano', normEpsilon: 0 } }, 'model.normEpsilon: 0 must be a number from'],
    [{ model: { preset: 'nano-llama', headSize: 15 } }, 'model.headSize: 15 is odd'],
    [
      { model: { preset: 'nano-llama' }, parallel: { tensor: 4 } },
      'parallel.tensor: 4 does not divide model.kvHeads: 2',
    ],
    [{ model: { preset: 'nano', vocab: 255 } }, 'model.vocab: 255 is smaller than the 256 ids'],
    [{ data: { tokenizer: 'gpt2' } }, 'model.vocab: 256 is smaller than the 50257 ids'],
    [{ data: { corpus: 'sorting', text: 'a.txt' } }, 'data: sorting and a.txt given'],
    [{ data: { text: '' } }, 'data.text: "" must be a non-empty text'],
    [{ batch: { sequence: 65 } }, 'batch.sequence: 65 is longer than model.context: 64'],
    [{ batch: { microbatches: 9 } }, 'batch.microbatches: 9 would leave one empty'],
    [
      { parallel: { data: 3 }, batch: { global: 7, microbatches: 3 } },
      'batch.microbatches: 3 would leave one empty: the smallest replica has 2',
    ],
    [
      { parallel: { data: 9 }, batch: { microbatches: 1 } },
      'batch.global: 8 leaves some of the 9 replicas without a sample',
    ],
    [{ batch: { shares: [1, 2] } }, 'batch.shares: has 2 entries; one per replica is parallel.data: 1'],
    [{ batch: { shares: [0] } }, 'batch.shares: [0] must be null or a list of positive numbers'],
    [{ optimizer: { betas: [0.9] } }, 'optimizer.betas: [0.9] must be two numbers'],
    [{ optimizer: { betas: [0.9, 1] } }, 'optimizer.betas: [0.9,1] must be two numbers'],
    [{ optimizer: { learningRate: -1 } }, 'optimizer.learningRate: -1 must be a number from 0'],
    [{ optimizer: { learningRate: Number.NaN } }, 'optimizer.learningRate: NaN must be a number'],
    [{ optimizer: { gradClip: Infinity } }, 'optimizer.gradClip: Infinity must be a number'],
    [{ parallel: { tensor: 3 } }, 'parallel.tensor: 3 does not divide model.heads: 4'],
    [
      { model: { preset: 'llama-2-70b' }, parallel: { tensor: 16 } },
      'parallel.tensor: 16 does not divide model.kvHeads: 8',
    ],
    [
      { model: { preset: 'nano', ffn: 255 }, parallel: { tensor: 2 } },
      'parallel.tensor: 2 does not divide model.ffn: 255',
    ],
    [{ parallel: { pipeline: 5 } }, 'parallel.pipeline: 5 stages of 1 chunks are more than model.layers: 4'],
    [
      pipeline({ pipeline: 4, partition: [2, 2, 4] }),
      'parallel.partition: [2, 2, 4] must have 4 entries that sum to model.layers: 8',
    ],
    [pipeline({ pipeline: 2, partition: [3, 4] }), 'parallel.partition: [3, 4] must have 2 entries'],
    [pipeline({ pipeline: 2, partition: [0, 8] }), 'parallel.partition.0: 0 must be a whole number from 1'],
    [pipeline({ pipeline: 2, schedule: 'interleaved-1f1b' }), 'parallel.chunks: 1: interleaved-1f1b takes 2 or more'],
    [pipeline({ pipeline: 2, schedule: 'zb-v', chunks: 3 }), 'parallel.chunks: 3: zb-v takes exactly 2'],
    [pipeline({ pipeline: 2, schedule: 'gpipe', chunks: 2 }), 'parallel.chunks: 2: gpipe takes exactly 1'],
    [
      pipeline({ pipeline: 3, schedule: 'interleaved-1f1b', chunks: 2 }),
      'batch.microbatches: 4: interleaved-1f1b takes a multiple of parallel.pipeline (3)',
    ],
    [{ parallel: { sequenceParallel: true } }, 'parallel.sequenceParallel: true needs parallel.tensor of 2 or more'],
    [
      { parallel: { sequenceParallel: true, tensor: 2 }, batch: { sequence: 33 } },
      'parallel.sequenceParallel: true needs parallel.tensor (2) to divide batch.sequence: 33',
    ],
    [
      { parallel: { dataMode: 'data-parallel', pipeline: 2 } },
      'parallel.dataMode: data-parallel cannot be combined with parallel.pipeline 2',
    ],
    [
      { parallel: { dataMode: 'parameter-server', tensor: 2 } },
      'parallel.dataMode: parameter-server cannot be combined with parallel.tensor 2',
    ],
    [
      { parallel: { dataMode: 'parameter-server', zero: 1 } },
      'parallel.zero: 1 shards what parameter-server keeps in one place',
    ],
    [{ parallel: { server: { async: true } } }, 'parallel.server.async: true needs parallel.dataMode parameter-server'],
    [
      { parallel: { data: 2, dataMode: 'parameter-server', server: { maxStaleness: 2 } } },
      'parallel.server.maxStaleness: 2 has no effect here: it needs parallel.server.async true; leave it at 0',
    ],
    [
      { parallel: { server: { at: 'cpu' } } },
      'parallel.server.at: "cpu" has no effect here: it needs parallel.dataMode parameter-server; leave it at "gpu0"',
    ],
    [
      { parallel: { zeroPartition: 'greedy' } },
      'parallel.zeroPartition: "greedy" has no effect here: it needs parallel.zero ≥ 1, parallel.data ≥ 2',
    ],
    [
      { parallel: { zero: 2, zeroReduce: 'all-reduce' } },
      'parallel.zeroReduce: all-reduce is a variant of parallel.zero 1, not 2',
    ],
    [
      { parallel: { fsdp: { reshardAfterForward: false } } },
      'parallel.fsdp.reshardAfterForward: false has no effect here: it needs parallel.zero 3, parallel.data ≥ 2',
    ],
    [
      { optimizer: { momentum: 0.5 } },
      'optimizer.momentum: 0.5 has no effect here: it needs optimizer.kind sgd; leave it at 0.9',
    ],
    [
      { optimizer: { kind: 'sgd', betas: [0.5, 0.9] } },
      'optimizer.betas: [0.5,0.9] has no effect here: it needs optimizer.kind adamw',
    ],
    [{ parallel: { zero: 4 } }, 'parallel.zero: 4 must be one of 0, 1, 2, 3'],
    [
      { parallel: { zero: 2, compression: { kind: 'int8' } } },
      'parallel.compression.kind: int8 compresses the all-reduce',
    ],
    [{ parallel: { compression: { kind: 'fp16', ratio: 0.1 } } }, 'parallel.compression.ratio: unknown'],
    [{ parallel: { fsdp: { cpuOffload: true } } }, 'parallel.fsdp.cpuOffload: true needs parallel.zero 3'],
    [{ parallel: { fsdp: { wrap: [[]] } } }, 'parallel.fsdp.wrap: [[]] must be "block", "all"'],
    [{ parallel: { fsdp: { wrap: [['wte'], ['h.9']] } } }, 'parallel.fsdp.wrap.1: "h.9" is not a module of this model'],
    [{ parallel: { fsdp: { wrap: [['h.0'], ['h.0.mlp']] } } }, 'parallel.fsdp.wrap.1: "h.0.mlp" is already in a unit'],
    [
      { parallel: { data: 300, tensor: 300 } },
      'parallel.data: 300 × tensor 300 × pipeline 1 are 90000 ranks; at most 65536',
    ],
    [{ cluster: { device: 'a100' } }, 'cluster.device: "a100" must be one of this, v100-16gb'],
    [{ cluster: { adapters: ['fallback', 'fallback'] } }, 'cluster.adapters: has 2 entries; one per rank is 1'],
    [{ cluster: { adapters: ['gpu'] } }, 'cluster.adapters.0: "gpu" must be one of high-performance'],
    [
      { cluster: { stragglers: [{ rank: 1, slowdown: 2 }] } },
      'cluster.stragglers.0.rank: 1 must be below the world size 1',
    ],
    [
      {
        parallel: { data: 2 },
        cluster: {
          stragglers: [
            { rank: 1, slowdown: 2 },
            { rank: 1, slowdown: 5 },
          ],
        },
      },
      'cluster.stragglers.1.rank: 1 is slowed down by an entry before this one',
    ],
    [{ cluster: { stragglers: [{ rank: 0 }] } }, 'cluster.stragglers.0.slowdown: undefined must be a number from 1'],
    [
      { cluster: { stragglers: [{ rank: 0, slowdown: 0.5 }] } },
      'cluster.stragglers.0.slowdown: 0.5 must be a number from 1',
    ],
    [{ cluster: { memoryBytes: 0 } }, 'cluster.memoryBytes: 0 must be a whole number from 1'],
  ])('%j', (input, message) => {
    const said = refusal(input)
    if (!said.startsWith(message)) expect.fail(`said    "${said}"\nawaited "${message}…"`)
    expect(said).not.toContain('\n')
  })
})

test('what a straggling CPU server and uneven replicas are allowed', () => {
  const server = { data: 2, dataMode: 'parameter-server', server: { at: 'cpu' } }
  expect(refusal({ parallel: server, cluster: { stragglers: [{ rank: 2, slowdown: 2 }] } })).toBe('accepted')
  expect(refusal({ parallel: { data: 3 }, batch: { global: 7, microbatches: 2 } })).toBe('accepted')
  expect(refusal({ parallel: { zero: 3, data: 2, fsdp: { wrap: [['wte', 'h.0'], ['h.1.mlp']] } } })).toBe('accepted')
})

test('simulating ignores the data', () => {
  const input = { model: { preset: 'nano', vocab: 50 } }
  expect(refusal(input)).toMatch(/^model\.vocab/)
  expect(refusal(input, 'simulate')).toBe('accepted')
  expect(refusal({ ...input, model: { preset: 'nano', heads: 3 } }, 'simulate')).toMatch(/^model\.heads/)
})

test('all problems between fields at once, or the first of a field on its own', () => {
  const two = { parallel: { tensor: 3, sequenceParallel: true } }
  expect(explainConfig(two).map(({ field }) => field)).toEqual(['parallel.tensor', 'parallel.sequenceParallel'])
  expect(explainConfig({ seed: -1 })).toMatchObject([{ code: 'not-a-whole-number', field: 'seed' }])
  expect(explainConfig({})).toEqual([])
})

test('whatever comes in, parsing gives a configuration without problems or one line of refusal', () => {
  const keys = [
    'model',
    'batch',
    'parallel',
    'cluster',
    'data',
    'pipeline',
    'shares',
    'fsdp',
    'wrap',
    'preset',
    'layers',
  ]
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue(),
      fc.constantFrom('nano', 1, 2),
      fc.dictionary(fc.constantFrom(...keys), tie('any')),
    ),
  })).any
  fc.assert(
    fc.property(value, (input) => {
      const said = refusal(input)
      if (said === 'accepted') expect(problemsOf(readConfig(input))).toEqual([])
      else expect(said).toMatch(/^[^\n]+: [^\n]+$/)
    }),
    { numRuns: 500 },
  )
})
