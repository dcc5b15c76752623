import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { cutAtDocument, documentPieces } from '../../../src/data/documents.ts'
import { prepareDataset } from '../../../src/data/prepare.ts'
import { openTokenizer } from '../../../src/data/tokenizers/open.ts'

const MARK = '<|endoftext|>'
const pieces = (text: string) => [...documentPieces(text, 0, text.length)]

test('a mark ends the document before it; marks without one end nothing', () => {
  expect(pieces(`${MARK}one${MARK}${MARK}two.\n${MARK}three`)).toEqual(['one', null, 'two.\n', null, 'three'])
  const long = 'word '.repeat(20_000)
  const parts = pieces(`${long}${MARK}${long}${MARK}`)
  expect(parts.join('')).toBe(long + long)
  expect(parts.filter((part) => part === null)).toHaveLength(2)
})

test('the held-out part begins with a document, and never within a mark', () => {
  const text = `${'a'.repeat(60)}${MARK}${'b'.repeat(60)}`
  expect(text.slice(cutAtDocument(text, 100))).toBe('b'.repeat(60))
  for (let at = 2; at < text.length; at++) {
    const cut = cutAtDocument(text, at)
    expect(cut).toBeLessThanOrEqual(at)
    expect(cut <= 60 || cut >= 60 + MARK.length, `${at}: ${cut}`).toBe(true)
  }
})

describe('data.documents', () => {
  const batch = { global: 1, microbatches: 1, sequence: 7 }
  const document = 'ab, cd!'
  const text = `${document}${MARK}`.repeat(20)
  const prepare = (data: object, given = text, vocab = 512) =>
    prepareDataset(
      parseConfig({
        model: { layers: 1, heads: 1, embed: 8, context: 16, vocab },
        data: { text: 'a.txt', ...data },
        batch,
      }),
      { readText: async () => given },
    )

  test.each([
    ['byte', 0],
    ['char', 0],
    ['bpe', 0],
    ['gpt2', 50256],
  ] as const)('%s: an id of its own at the end of each document', async (kind, end) => {
    const vocab = kind === 'gpt2' ? 50257 : 512
    const dataset = await prepare({ documents: true, tokenizer: kind }, text, vocab)
    const { tokenizer } = dataset
    const ids = [...dataset.share().tokens]
    expect(tokenizer.endOfText).toBe(end)
    expect(ids).toContain(end)
    // Between the ends stands the document alone, tokenized by itself.
    const first = ids.slice(0, ids.indexOf(end))
    expect(first).toEqual([...tokenizer.encode(document)])
    expect(tokenizer.decode(first)).toBe(document)
    expect(first).not.toContain(end)
    expect((await openTokenizer(structuredClone(tokenizer.state))).endOfText).toBe(end)
  })

  test('without it a mark is text like any other', async () => {
    const dataset = await prepare({})
    expect(dataset.tokenizer.endOfText).toBeUndefined()
    expect(dataset.tokenizer.decode(dataset.share().tokens)).toContain(MARK)
  })

  test('is refused where it has no effect', async () => {
    await expect(prepare({ documents: true }, 'no mark in here. '.repeat(9))).rejects.toThrow(
      'data.documents: true, but "a.txt" has no <|endoftext|>',
    )
    for (const data of [{}, { tokens: 't.bin' }, { corpus: 'addition' }])
      expect(() => parseConfig({ data: { ...data, documents: true } })).toThrow(
        'data.documents: true has no effect here: it needs data.text; leave it at false',
      )
  })

  test('text from a script is held to the same as a file', async () => {
    await expect(prepare({}, `abc\0${text}`)).rejects.toThrow('data.text: "a.txt" is not text: character 3 is U+0000')
    await expect(prepare({}, `a\ud83e${text}`)).rejects.toThrow('data.text: "a.txt" is not text: character 1 is U+D83E')
  })
})

describe('the tokenizer of the weights to start from', () => {
  const model = { layers: 1, heads: 1, embed: 8, context: 16, vocab: 64 }
  const batch = { global: 1, microbatches: 1, sequence: 7 }
  const prepare = (data: object, characters: string, text: string) =>
    prepareDataset(parseConfig({ model, batch, data: { text: 'a.txt', tokenizer: 'char', ...data } }), {
      readText: async () => text,
      tokenizer: { kind: 'char', characters: [...characters] },
    })

  test('is used in place of one made from the text', async () => {
    const dataset = await prepare({}, 'zyxabc', 'abc'.repeat(30))
    expect([...dataset.share().tokens.subarray(0, 3)]).toEqual([3, 4, 5])
  })

  test('is held against the configuration and the text', async () => {
    await expect(prepare({}, 'ab', 'abc'.repeat(30))).rejects.toThrow(/^data\.text: the character "c" does not occur/)
    await expect(prepare({ documents: true }, 'abc', `abc${MARK}`.repeat(30))).rejects.toThrow(
      'data.documents: true, but the tokenizer of the weights has no id that ends a document',
    )
    const config = parseConfig({ data: { tokenizer: 'byte' } })
    await expect(prepareDataset(config, { tokenizer: { kind: 'gpt2' } })).rejects.toThrow(
      'data.tokenizer: byte, but the weights were trained with gpt2',
    )
  })
})
