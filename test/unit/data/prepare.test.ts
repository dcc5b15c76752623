import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { CORPORA } from '../../../src/data/corpora/registry.ts'
import type { Dataset } from '../../../src/data/dataset.ts'
import { prepareDataset } from '../../../src/data/prepare.ts'

const NANO = { layers: 1, heads: 1, embed: 8, context: 128, vocab: 512 }

function prepare(input: object, sources: Parameters<typeof prepareDataset>[1] = {}): Promise<Dataset> {
  return prepareDataset(parseConfig({ model: NANO, ...input }), sources)
}

const textOf = (text: string) => ({ readText: async () => text })
const bytesOf = (...tokens: number[]) => ({
  readBytes: async () => new Uint8Array(tokens.flatMap((token) => [token & 255, token >> 8])),
})

describe('built-in corpora', () => {
  test('a sample begins with a document; targets are its tokens one on; only the answer counts', async () => {
    const dataset = await prepare({ data: { corpus: 'addition' }, batch: { global: 4, microbatches: 1, sequence: 40 } })
    for (let index = 0; index < 4; index++) {
      const { tokens, targets, weights } = dataset.sample(0, index)
      const whole = dataset.tokenizer.decode([...tokens, targets.at(-1)!])
      expect([...tokens.subarray(1)]).toEqual([...targets.subarray(0, -1)])
      expect(whole).toMatch(/^\d+\+\d+=\d+\n/)
      // Behind each "=", up to the end of the line, the target counts; nowhere else.
      let answer = false
      const expected = Array.from(whole, (each) => {
        const counts = answer
        if (each === '=') answer = true
        if (each === '\n') answer = false
        return counts ? 1 : 0
      })
      expect([...weights]).toEqual(expected.slice(1))
      expect(weights.reduce((a, b) => a + b, 0)).toBeGreaterThan(0)
    }
  })

  test('a sentence longer than the sequence is cut, not carried on', async () => {
    const dataset = await prepare({ batch: { global: 8, microbatches: 1, sequence: 48 } })
    const corpus = CORPORA['translation-de-en']
    const starts = new Set(Array.from({ length: corpus.size }, (_, i) => corpus.document(i, 'train').text.slice(0, 12)))
    const begins = (step: number, index: number) =>
      dataset.tokenizer.decode(dataset.sample(step, index).tokens).slice(0, 12)
    for (let step = 0; step < 50; step++)
      for (let index = 0; index < 8; index++) expect(starts).toContain(begins(step, index))
    for (let step = 0; step < 20; step++) expect(dataset.weightOf({ step })).toBeGreaterThan(8)
  })

  test('an epoch shows every sequence at most once, each epoch in an order of its own', async () => {
    const dataset = await prepare({ data: { corpus: 'sorting' }, batch: { global: 7, microbatches: 1, sequence: 64 } })
    const perEpoch = dataset.stepsPerEpoch
    const epoch = (number: number) =>
      Array.from({ length: perEpoch }, (_, step) => step).flatMap((step) =>
        Array.from({ length: 7 }, (_, index) => String(dataset.sample(number * perEpoch + step, index).tokens)),
      )
    const [first, second] = [epoch(0), epoch(1)]
    expect(perEpoch).toBe(Math.floor(dataset.sampleCount / 7))
    expect(new Set(first).size).toBeGreaterThan(0.99 * first.length)
    expect(second).not.toEqual(first)
    const both = new Set([...first, ...second]).size
    expect(both).toBeLessThanOrEqual(dataset.sampleCount)
  })

  test('a sample depends on seed, step and index only', async () => {
    const batch = { global: 6, microbatches: 1, sequence: 32 }
    const [one, two, other] = await Promise.all([
      prepare({ data: { corpus: 'brackets' }, batch }),
      prepare({ data: { corpus: 'brackets' }, batch: { ...batch, microbatches: 3 }, parallel: { data: 2 } }),
      prepare({ data: { corpus: 'brackets' }, batch, seed: 9 }),
    ])
    const later = one.sample(5000, 3)
    expect(one.sample(2, 5)).toEqual(two.sample(2, 5))
    expect(one.sample(5000, 3)).toEqual(later)
    expect(one.sample(2, 5)).not.toEqual(other.sample(2, 5))
  })

  test('held-out batches exist, and a data set opened elsewhere gives the same samples', async () => {
    const { openDataset } = await import('../../../src/data/dataset.ts')
    const dataset = await prepare({ batch: { global: 4, microbatches: 1, sequence: 64 } })
    expect(dataset.validationBatches).toBeGreaterThan(10)
    const opened = openDataset(dataset.share())
    expect(opened.sample(3, 1)).toEqual(dataset.sample(3, 1))
    expect(opened.validationSample(2, 1)).toEqual(dataset.validationSample(2, 1))
    expect(dataset.weightOf({ validation: 1 })).toBeGreaterThan(0)
  })

  test.each(['byte', 'char', 'bpe'] as const)('tokenizer %s', async (tokenizer) => {
    const dataset = await prepare({ data: { corpus: 'addition', tokenizer } })
    expect(dataset.tokenizer.kind).toBe(tokenizer)
    expect(dataset.tokenizer.decode(dataset.sample(0, 0).tokens)).toMatch(/^\d+\+\d+=/)
  })

  test('refusals', async () => {
    await expect(prepare({ batch: { sequence: 4 } })).rejects.toThrow(
      'batch.sequence: 4 is too short for data.corpus translation-de-en: no token that counts for the loss comes within it',
    )
    const vocab = (vocab: number) => ({ ...NANO, vocab })
    await expect(prepare({ model: vocab(10), data: { corpus: 'addition', tokenizer: 'char' } })).rejects.toThrow(
      'model.vocab: 10 is smaller than the 13 ids of data.tokenizer char',
    )
    await expect(prepare({ model: vocab(256), data: { corpus: 'addition', tokenizer: 'bpe' } })).rejects.toThrow(
      'model.vocab: 256: tokenizer bpe needs more than the 256 bytes, at least 257',
    )
    const stop = AbortSignal.abort(new Error('closed'))
    await expect(prepare({}, { signal: stop })).rejects.toThrow('closed')
  })
})

describe("a person's own text", () => {
  const text = Array.from({ length: 400 }, (_, i) => `line ${i}: für 🦊\n`).join('')

  test('is read on from where it was cut, the last tenth held out', async () => {
    const dataset = await prepare(
      { data: { text: 'notes.txt' }, batch: { global: 2, microbatches: 1, sequence: 30 } },
      textOf(text),
    )
    const shared = dataset.share()
    const bytes = new TextEncoder().encode(text)
    expect([...shared.tokens]).toEqual([...bytes.subarray(0, shared.tokens.length)])
    const held = dataset.tokenizer.decode(shared.validationTokens)
    expect(held).toMatch(/^line 36\d: für/)
    expect(dataset.weightOf({ step: 0 })).toBe(60)
  })

  test('characters seen only in the held-out part have ids too', async () => {
    const dataset = await prepare(
      { data: { text: 'a', tokenizer: 'char' }, batch: { global: 1, microbatches: 1, sequence: 8 } },
      textOf(`${'abc\n'.repeat(60)}xyzxyzxyzxyzxyz`),
    )
    expect(dataset.tokenizer.vocabSize).toBe(7)
  })

  test('a held-out part smaller than a batch is repeated to fill one', async () => {
    const dataset = await prepare(
      { data: { text: 'a' }, batch: { global: 8, microbatches: 1, sequence: 20 } },
      textOf('abc\n'.repeat(110)),
    )
    expect([dataset.validationSamples, dataset.validationBatches]).toEqual([2, 1])
    expect(dataset.validationSample(0, 5)).toEqual(dataset.validationSample(0, 1))
  })

  test('refusals', async () => {
    await expect(prepare({ data: { text: 'a.txt' } })).rejects.toThrow('data.text: "a.txt" cannot be read here')
    await expect(prepare({ data: { text: 'a.txt' } }, textOf(' \n'))).rejects.toThrow('data.text: "a.txt" is empty')
    await expect(prepare({ data: { text: 'a.txt' } }, textOf('x'.repeat(100)))).rejects.toThrow(
      'data.text: 1 sequences of 65 tokens are fewer than batch.global: 8',
    )
  })
})

describe('raw tokens', () => {
  const data = { tokens: 't.bin', order: 'sequential' }
  const batch = { global: 2, microbatches: 1, sequence: 3 }
  const count = (n: number) => Array.from({ length: n }, (_, i) => (37 * i) % 500)

  test('sample b of step s starts at (s·global + b)·(sequence + 1)', async () => {
    const tokens = count(2 * 2 * 4 + 3)
    const dataset = await prepare({ data, batch, steps: 2 }, bytesOf(...tokens))
    for (let step = 0; step < 2; step++)
      for (let b = 0; b < 2; b++) {
        const start = (step * 2 + b) * 4
        const sample = dataset.sample(step, b)
        expect([...sample.tokens]).toEqual(tokens.slice(start, start + 3))
        expect([...sample.targets]).toEqual(tokens.slice(start + 1, start + 4))
        expect([...sample.weights]).toEqual([1, 1, 1])
      }
    expect(dataset.weightOf({ step: 1 })).toBe(6)
    expect(dataset.validationBatches).toBe(0)
  })

  const llmc = (header: readonly number[], tokens: readonly number[]) => {
    const bytes = new Uint8Array(1024 + 2 * tokens.length)
    const view = new DataView(bytes.buffer)
    for (const [i, value] of header.entries()) view.setInt32(4 * i, value, true)
    for (const [i, token] of tokens.entries()) view.setUint16(1024 + 2 * i, token, true)
    return { readBytes: async () => bytes }
  }

  test("llm.c's header is skipped, or refused by what it says", async () => {
    const tokens = count(8)
    const dataset = await prepare({ data, batch, steps: 1 }, llmc([20240520, 1, 8], tokens))
    expect([...dataset.share().tokens]).toEqual(tokens)
    const refused = (header: readonly number[]) =>
      expect(prepare({ data, batch, steps: 1 }, llmc(header, tokens))).rejects
    await refused([20240520, 7, 8]).toThrow('data.tokens: "t.bin" has llm.c\'s header of version 7; version 1')
    await refused([20240520, 1, 9]).toThrow('header for 9 tokens, which makes 1042 bytes; the file has 1040')
    await refused([20240801, 7, 4]).toThrow("is llm.c's file of tokens of 32 bits (magic 20240801)")
    await expect(prepare({ data, batch, steps: 1 }, llmc([20240520, 1, 8], [...count(7), 600]))).rejects.toThrow(
      'holds token 600 at position 7',
    )
  })

  test('bytes at an odd place in memory are read alike', async () => {
    const tokens = count(8)
    const bytes = await bytesOf(...tokens).readBytes()
    const shifted = new Uint8Array(bytes.length + 1)
    shifted.set(bytes, 1)
    const dataset = await prepare({ data, batch, steps: 1 }, { readBytes: async () => shifted.subarray(1) })
    expect([...dataset.share().tokens]).toEqual(tokens)
  })

  test('refusals', async () => {
    await expect(prepare({ data })).rejects.toThrow('data.tokens: "t.bin" cannot be read here')
    await expect(prepare({ data, batch, steps: 2 }, bytesOf(...count(15)))).rejects.toThrow(
      'data.tokens: "t.bin" has 15 tokens; 2 steps of 2 samples of 4 take 16',
    )
    await expect(prepare({ data, batch, steps: 1 }, bytesOf(...count(7), 512))).rejects.toThrow(
      'data.tokens: "t.bin" holds token 512 at position 7; ids go up to 511 (model.vocab 512)',
    )
    expect(() => prepare({ data: { ...data, tokenizer: 'char' } })).toThrow(
      'data.tokenizer: "char" has no effect here: it needs data.corpus, data.text',
    )
    await expect(prepare({ data, batch }, { readBytes: async () => new Uint8Array(33) })).rejects.toThrow(
      'data.tokens: "t.bin" has 33 bytes; uint16 tokens take an even number',
    )
  })
})
