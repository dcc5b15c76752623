import { expect, test } from 'vitest'
import fc from 'fast-check'
import { minimalConfig } from '../../../src/config/minimal.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { inputFromUrl, inputToUrl } from '../../../src/config/url.ts'
import { RefusedError } from '../../../src/core/errors.ts'

const shape = { layers: 2, heads: 4, embed: 32, context: 16, vocab: 300 }

/** Inputs that are already minimal: what comes back is what went in. */
test.each<object>([
  {},
  { seed: 7 },
  { steps: 3 },
  { epochs: 20 },
  { model: { preset: 'gpt2' } },
  { model: shape },
  { model: { ...shape, tied: false, ffn: 100 } },
  { model: { ...shape, family: 'llama', kvHeads: 2 } },
  { model: { preset: 'llama-3-8b' } },
  { model: { ...shape, family: 'llama', ropeTheta: 500, normEpsilon: 1e-6 } },
  { model: { ...shape, headSize: 5 } },
  { model: { ...shape, heads: 3, headSize: 5 } },
  { model: shape, batch: { sequence: 8 } },
  { model: { ...shape, vocab: 61 }, data: { tokens: 't.bin' } },
  { data: { tokens: 't.bin', order: 'shuffled' } },
  { data: { text: 'a.txt', tokenizer: 'char' } },
  { data: { text: 'a.txt', documents: true } },
  { data: { corpus: 'sorting' } },
  { data: { tokenizer: 'bpe' } },
  { batch: { shares: [0.5, 0.5] }, parallel: { data: 2 } },
  { optimizer: { betas: [0.8, 0.95] } },
  { parallel: { data: 2, zero: 3, fsdp: { wrap: { minParameters: 5 } } } },
  { parallel: { data: 2, compression: { kind: 'topk', ratio: 0.5, errorFeedback: true } } },
  { parallel: { pipeline: 2, partition: [1, 3] }, cluster: { stragglers: [{ rank: 1, slowdown: 2 }] } },
])('%j', (input) => {
  expect(minimalConfig(parseConfig(input, 'simulate'))).toEqual(input)
})

test('what only repeats defaults is left out', () => {
  const { vocab, ...rest } = parseConfig({ model: { preset: 'gpt2', vocab: 50257, tied: true } }).model
  expect(minimalConfig(parseConfig({ model: { vocab, ...rest }, steps: 20, epochs: null }))).toEqual({
    model: { preset: 'gpt2' },
  })
})

const pick = <Value>(...values: Value[]) => fc.constantFrom(...values)
const partial = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] })

const inputs = partial({
  seed: fc.nat(),
  precision: pick('f32', 'mixed-f16'),
  model: fc.oneof(
    partial({ preset: pick('nano', 'micro', 'gpt2', 'llama-2-7b'), layers: pick(2, 4), tied: fc.boolean() }),
    pick({ ...shape, context: 64 }),
  ),
  data: pick<unknown>({}, { text: 'x' }, { tokens: 'x' }, { corpus: 'addition', tokenizer: 'char' }, { corpus: null }),
  batch: partial({ global: pick(8, 9), sequence: pick(1, 64), shares: fc.constant(null) }),
  optimizer: partial({
    kind: pick('sgd', 'adamw'),
    learningRate: fc.double({ min: 0, max: 1, noNaN: true }),
    warmupSteps: fc.nat(9),
  }),
  parallel: fc.oneof(
    partial({ recompute: pick('none', 'full'), schedule: pick('1f1b', 'zb-h1') }),
    partial({ pipeline: fc.constant(2), partition: fc.constant('even') }),
    fc.record({ pipeline: fc.constant(2), partition: pick<unknown>('even', 'balanced') }),
    fc.record({
      data: fc.constant(2),
      compression: pick<unknown>({ kind: 'none' }, { kind: 'topk' }, { kind: 'topk', ratio: 0.25 }),
    }),
    fc.record({
      data: fc.constant(2),
      zero: fc.constant(3),
      fsdp: partial({
        wrap: pick<unknown>('block', 'all', { minParameters: 9 }),
        reshardAfterForward: fc.boolean(),
      }),
    }),
  ),
  cluster: partial({ nicsPerNode: pick(null, 4), memoryBytes: pick(null, 1e9), device: pick('this', 'a100-80gb') }),
})

test('finished, minimal, and in a link: each parses to the same configuration', async () => {
  await fc.assert(
    fc.asyncProperty(inputs, async (input) => {
      const config = parseConfig(input, 'simulate')
      const again = (value: unknown) => parseConfig(value, 'simulate')
      expect(again(JSON.parse(JSON.stringify(config)))).toEqual(config)
      expect(again(minimalConfig(config))).toEqual(config)
      expect(again(await inputFromUrl(await inputToUrl(minimalConfig(config))))).toEqual(config)
    }),
    { numRuns: 200 },
  )
})

async function refusal(text: string): Promise<string> {
  return inputFromUrl(text)
    .then((input) => parseConfig(input))
    .then(
      () => 'accepted',
      (error: unknown) => {
        if (error instanceof RefusedError) return error.message
        throw error
      },
    )
}

/** A link around anything, for what `inputToUrl` would never write. */
async function link(text: string): Promise<string> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  return `1.${Buffer.from(await new Response(packed).arrayBuffer()).toString('base64url')}`
}

test('a link is short, and safe in a URL', async () => {
  const text = await inputToUrl(
    minimalConfig(parseConfig({ parallel: { pipeline: 4, schedule: 'zb-h1' }, batch: { microbatches: 8 } })),
  )
  expect(text).toMatch(/^1\.[\w-]+$/)
  expect(text.length).toBeLessThan(120)
})

test('hostile links are refused with a line', async () => {
  const valid = await inputToUrl({ seed: 5 })
  expect(await refusal('2.abc')).toMatch(/^link: "2\.abc" must begin with "1\."/)
  expect(await refusal('')).toMatch(/^link: ""/)
  expect(await refusal(`1.${'A'.repeat(20_000)}`)).toMatch(/^link: 20002 characters; at most/)
  expect(await refusal('1.<script>')).toMatch(/^link: is damaged: it has characters/)
  expect(await refusal('1.AAAAA')).toMatch(/^link: is damaged/)
  expect(await refusal('1.////')).toMatch(/^link: is damaged/)
  expect(await refusal(valid.slice(0, -4))).toMatch(/^link: is damaged/)
  expect(await refusal('1.')).toMatch(/^link: is damaged/)
  expect(await refusal(await link('{"seed":'))).toBe('link: is damaged: it holds no JSON')
  expect(await refusal(await link(' '.repeat(1_000_000)))).toMatch(/^link: unpacks to more than 262144 bytes/)
  expect(await refusal(await link('{"sped":1}'))).toMatch(/^sped: unknown/)
  expect(await refusal(await link('{"__proto__":{"seed":1}}'))).toMatch(/^__proto__: unknown/)
  expect(await inputFromUrl(await link('{"sped":1}'))).toEqual({ sped: 1 })
})
