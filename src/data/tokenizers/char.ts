import { quoted } from '../../config/quoted.ts'
import { refused } from '../../core/errors.ts'
import type { Tokenizer } from './tokenizer.ts'

/** One id per character (code point) of the corpus, in order of code points. */
export function charTokenizer(characters: readonly string[]): Tokenizer {
  const idOf = new Map(characters.map((character, id) => [character, id]))
  return {
    kind: 'char',
    vocabSize: characters.length,
    encode: (text) =>
      Array.from(text, (character) => {
        const id = idOf.get(character)
        if (id === undefined) throw refused('text', 'character-not-in-corpus', { character: quoted(character) })
        return id
      }),
    decode: (ids) => Array.from(ids, (id) => characters[id] ?? '').join(''),
    state: { kind: 'char', characters },
  }
}

/** The distinct characters of some texts, in order of code points. */
export function charactersOf(texts: Iterable<string>): string[] {
  const found = new Set<string>()
  for (const text of texts) for (const character of text) found.add(character)
  return [...found].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!)
}
