import { TOKENIZERS } from '../../config/names.ts'
import { isObject, quoted } from '../../config/quoted.ts'
import { refused } from '../../core/errors.ts'
import type { Refuse } from '../../core/errors.ts'
import { sentence } from '../../core/fault.ts'
import type { CodeOfKind } from '../../core/fault.ts'
import { MAX_BPE_IDS } from './bpe.ts'
import type { TokenizerState } from './tokenizer.ts'

/** A tokenizer as text for a file, vocabulary included. */
export function tokenizerText(state: TokenizerState): string {
  return JSON.stringify(state)
}

/** Reads the output of `tokenizerText`. Throws RefusedError on `field` for anything else: files are untrusted. */
export function readTokenizerText(text: string, field: string): TokenizerState {
  const refuse: Refuse<CodeOfKind<'phrase'>> = (code, ...values) => {
    throw refused(field, 'tokenizer-bad', { what: sentence(code, ...values) })
  }
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return refuse('tokenizer-not-json')
  }
  if (!isObject(given)) return refuse('tokenizer-not-object', { value: quoted(given) })
  const documents = given.documents === true ? ({ documents: true } as const) : {}
  switch (given.kind) {
    case 'byte':
    case 'gpt2':
      return { kind: given.kind, ...documents }
    case 'char': {
      const { characters } = given
      if (!isCharacters(characters)) return refuse('tokenizer-characters-bad')
      return { kind: 'char', characters, ...documents }
    }
    case 'bpe': {
      const { merges } = given
      if (!isMerges(merges)) return refuse('tokenizer-merges-bad')
      return { kind: 'bpe', merges, ...documents }
    }
    default:
      return refuse('tokenizer-kind-unknown', { kind: quoted(given.kind), known: TOKENIZERS.join(', ') })
  }
}

function isCharacters(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((each) => typeof each === 'string' && Array.from(each).length === 1) &&
    new Set(value).size === value.length
  )
}

function isMerges(value: unknown): value is readonly (readonly [number, number])[] {
  if (!Array.isArray(value) || value.length > MAX_BPE_IDS - 256) return false
  return value.every((pair: unknown, i) => {
    const isId = (id: unknown) => typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < 256 + i
    return Array.isArray(pair) && pair.length === 2 && pair.every(isId)
  })
}
