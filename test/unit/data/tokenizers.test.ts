import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refused } from '../../../src/core/errors.ts'
import { CORPORA } from '../../../src/data/corpora/registry.ts'
import { cutNear, textPieces } from '../../../src/data/text-pieces.ts'
import { MAX_BPE_IDS, trainBpe } from '../../../src/data/tokenizers/bpe.ts'
import { byteTokenizer } from '../../../src/data/tokenizers/byte.ts'
import { charTokenizer, charactersOf } from '../../../src/data/tokenizers/char.ts'
import { loadGpt2Tokenizer } from '../../../src/data/tokenizers/gpt2.ts'
import { openTokenizer } from '../../../src/data/tokenizers/open.ts'

const corpus = Array.from({ length: 400 }, (_, i) => CORPORA['translation-de-en'].document(i, 'train').text)
const AWKWARD = [
  '',
  ' ',
  '\n\n \t x',
  '\ufeffmark',
  'für Äpfel, 12+30=42?!',
  '日本語 and 🦊👩‍👩‍👧 "quotes"',
  '<|endoftext|> twice <|endoftext|>',
]
/** Texts without lone surrogates: those are no Unicode text and cannot be written as UTF-8. */
const anyText = fc.string({ unit: 'grapheme', maxLength: 60 })

describe.each([
  ['byte', async () => byteTokenizer],
  ['bpe', () => trainBpe(corpus, 400)],
  ['gpt2', loadGpt2Tokenizer],
] as const)('%s', (kind, make) => {
  test('every text comes back, every id is in the vocabulary', async () => {
    const tokenizer = await make()
    expect(tokenizer.kind).toBe(kind)
    const check = (text: string) => {
      const ids = [...tokenizer.encode(text)]
      expect(tokenizer.decode(ids)).toBe(text)
      expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < tokenizer.vocabSize)).toBe(true)
    }
    for (const text of AWKWARD) check(text)
    fc.assert(fc.property(anyText, check), { numRuns: 60 })
  })

  test('another thread makes the same tokenizer from its state', async () => {
    const tokenizer = await make()
    const again = await openTokenizer(structuredClone(tokenizer.state))
    for (const text of [...corpus.slice(0, 20), ...AWKWARD])
      expect([...again.encode(text)]).toEqual([...tokenizer.encode(text)])
  })

  test('an unfinished character is held back while more will come, and spoils nothing after it', async () => {
    const tokenizer = await make()
    const ids = [...tokenizer.encode('aé🦊')]
    const first = tokenizer.encode('a')
    expect(ids.length).toBeGreaterThan(first.length + 1)
    let last = ''
    for (let n = 1; n <= ids.length; n++) {
      const said = tokenizer.decode(ids.slice(0, n), true)
      expect('aé🦊'.startsWith(said), `${JSON.stringify(said)} after ${n} ids`).toBe(true)
      expect(said.startsWith(last)).toBe(true)
      last = said
    }
    expect(last).toBe('aé🦊')
    expect(tokenizer.decode(ids.slice(0, -1))).toMatch(/^aé\ufffd+$/)
    expect(tokenizer.decode(first)).toBe('a')
  })

  test('ids outside the vocabulary say nothing', async () => {
    const tokenizer = await make()
    expect(tokenizer.decode([...tokenizer.encode('ab'), tokenizer.vocabSize, 70000])).toBe('ab')
  })
})

test('random bytes come back from their ids', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      expect(byteTokenizer.decode(bytes)).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))
    }),
  )
})

describe('char', () => {
  test('ids follow code points, characters beyond the basic plane are one', () => {
    const tokenizer = charTokenizer(charactersOf(['ba', 'c🦊']))
    expect(tokenizer.vocabSize).toBe(4)
    expect([...tokenizer.encode('abc🦊')]).toEqual([0, 1, 2, 3])
    expect(tokenizer.decode([3, 0, 9])).toBe('🦊a')
  })

  test('a character the corpus does not have is refused by name', () => {
    expect(() => charTokenizer(['a']).encode('ab')).toThrow(
      refused('text', 'character-not-in-corpus', { character: '"b"' }),
    )
  })
})

describe('bpe', () => {
  test('learns the most frequent pair first, the smaller one of equals', async () => {
    const { state } = await trainBpe(['abab abab cdcd cdcd cdcd'], 300)
    const merges = state.kind === 'bpe' ? state.merges : []
    const [a, b, c, d, space] = [...'abcd '].map((each) => each.charCodeAt(0))
    // "cd" six times, "ab" four times, then " cdcd" grows before "abab" does.
    expect(merges.slice(0, 2)).toEqual([
      [c, d],
      [a, b],
    ])
    expect(merges.slice(2).flat()).toContain(space)
    expect(await trainBpe(['x'], 300)).toMatchObject({ vocabSize: 256 })
  })

  test('merges a plain count would choose, one after another', async () => {
    const texts = corpus.slice(0, 60)
    const { state } = await trainBpe(texts, 290)
    let words = texts.flatMap((text) =>
      text.match(/ ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s/gu)!.map((word) => [...Buffer.from(word)]),
    )
    const expected: number[][] = []
    for (let made = 256; made < 290; made++) {
      const counts = new Map<string, number>()
      for (const ids of words)
        for (let i = 0; i + 1 < ids.length; i++)
          counts.set(`${ids[i]} ${ids[i + 1]}`, (counts.get(`${ids[i]} ${ids[i + 1]}`) ?? 0) + 1)
      const [left, right] = [...counts]
        .map(([pair, count]) => ({ pair: pair.split(' ').map(Number), count }))
        .sort((x, y) => y.count - x.count || x.pair[0]! - y.pair[0]! || x.pair[1]! - y.pair[1]!)[0]!.pair
      expected.push([left!, right!])
      words = words.map((ids) => {
        const out: number[] = []
        for (let i = 0; i < ids.length; i++)
          out.push(ids[i] === left && ids[i + 1] === right && i++ >= 0 ? made : ids[i]!)
        return out
      })
    }
    expect(state).toEqual({ kind: 'bpe', merges: expected })
  })

  test('overlapping pairs of one letter', async () => {
    const tokenizer = await trainBpe(['aaaaaaa aaaaaaa aaa'], 260)
    expect(tokenizer.decode(tokenizer.encode('aaaaa aa'))).toBe('aaaaa aa')
  })

  test('shortens the corpus, tells its progress, stops when told', async () => {
    const fractions: number[] = []
    const tokenizer = await trainBpe(corpus, 512, (fraction) => fractions.push(fraction))
    expect(tokenizer.vocabSize).toBe(512)
    expect(fractions.at(-1)).toBe(1)
    const text = corpus.join('')
    expect(tokenizer.encode(text).length).toBeLessThan(0.5 * byteTokenizer.encode(text).length)
    const stop = new AbortController()
    stop.abort(new Error('enough'))
    await expect(trainBpe(corpus, 512, () => undefined, stop.signal)).rejects.toThrow('enough')
    expect(MAX_BPE_IDS).toBeLessThan(65536)
  })
})

describe('pieces of a text', () => {
  test('together they are the text, and tokenize to what the whole does', async () => {
    const text = `${corpus.join('')}${'🦊'.repeat(20000)} end`
    const bpe = await trainBpe(corpus, 300)
    for (const from of [0, 12345]) {
      const pieces = [...textPieces(text, from, text.length)]
      expect(pieces.length).toBeGreaterThan(1)
      expect(pieces.join('')).toBe(text.slice(from))
    }
    const lines = corpus.join('').repeat(3)
    expect([...textPieces(lines, 0, lines.length)].flatMap((piece) => [...bpe.encode(piece)])).toEqual([
      ...bpe.encode(lines),
    ])
  })

  test('a cut falls behind a line, before a space, or between characters', () => {
    expect(cutNear('ab\ncd ef', 5)).toBe(3)
    expect(cutNear('abcd ef gh', 6)).toBe(4)
    expect(cutNear('a🦊🦊🦊', 4)).toBe(3)
    expect(cutNear('abc', 9)).toBe(3)
  })
})
