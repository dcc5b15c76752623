import { describe, expect, test } from 'vitest'
import { CORPUS_NAMES as NAMES } from '../../../src/config/names.ts'
import { CORPORA } from '../../../src/data/corpora/registry.ts'
import { splitOf } from '../../../src/data/corpora/split.ts'

describe.each(NAMES)('corpus %s', (name) => {
  const corpus = CORPORA[name]
  const documents = (split: 'train' | 'validation', count: number) =>
    Array.from({ length: count }, (_, i) => corpus.document(i, split))

  test('is told by its name, and the same each time', () => {
    expect(corpus.name).toBe(name)
    expect(documents('train', 20)).toEqual(documents('train', 20))
  })

  test('no document of one split comes up in the other', () => {
    const given = ({ text, lossFrom }: { text: string; lossFrom: number }) =>
      lossFrom > 0 ? text.slice(0, lossFrom) : text
    const train = new Set(documents('train', 3000).map(given))
    const held = documents('validation', corpus.validationSize)
    expect(held.filter((each) => train.has(given(each)))).toEqual([])
    expect(held.every((each) => splitOf(each) === 'validation')).toBe(true)
  })

  test('a document is a line with something to learn', () => {
    for (const { text, lossFrom } of documents('train', 200)) {
      expect(text.indexOf('\n')).toBe(text.length - 1)
      expect(lossFrom).toBeLessThan(text.length - 1)
    }
  })
})

test('sums add up', () => {
  for (let i = 0; i < 200; i++) {
    const [, a, b, sum] = /^(\d+)\+(\d+)=(\d+)\n$/.exec(CORPORA.addition.document(i, 'train').text)!
    expect(Number(a) + Number(b)).toBe(Number(sum))
  }
})

test('letters are sorted', () => {
  for (let i = 0; i < 200; i++) {
    const [given, sorted] = CORPORA.sorting.document(i, 'train').text.trim().split('>')
    expect([...given!].toSorted().join('')).toBe(sorted)
  }
})

test('brackets close in order', () => {
  const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
  for (let i = 0; i < 200; i++) {
    const open: string[] = []
    for (const each of CORPORA.brackets.document(i, 'train').text.trim()) {
      if (closing[each]) open.push(closing[each])
      else expect(open.pop()).toBe(each)
    }
    expect(open).toEqual([])
  }
})
