import type { Noun } from './nouns.ts'
import type { Verb } from './verbs.ts'
import type { Adjective, Adverb, Conjunction, Modal, Preposition, Pronoun, Tense } from './words.ts'

/**
 * The meaning of a sentence, independent of language: both languages are rendered from it, so that they always agree.
 */

export type Determiner = 'definite' | 'indefinite' | 'this' | 'every' | 'my' | 'our'

export interface NamedPhrase {
  readonly kind: 'noun'
  readonly noun: Noun
  readonly plural: boolean
  readonly determiner: Determiner
  /** Index into NUMBERS. */
  readonly count: number | null
  readonly adjectives: readonly Adjective[]
  readonly relative: Relative | null
}

export type NounPhrase =
  | NamedPhrase
  | { readonly kind: 'pronoun'; readonly pronoun: Pronoun }
  | { readonly kind: 'pair'; readonly first: NounPhrase; readonly second: NounPhrase }
  /** The slot of a relative pronoun inside its clause: rendered as nothing. */
  | { readonly kind: 'gap'; readonly plural: boolean }

/** "der das Buch liest": the head of the phrase is the subject or the direct object of the clause. */
export interface Relative {
  readonly role: 'subject' | 'direct'
  readonly clause: Clause
}

export interface PlacePhrase {
  readonly preposition: Preposition
  readonly phrase: NounPhrase
}

export type Predicate =
  | {
      readonly kind: 'action'
      readonly verb: Verb
      readonly indirect: NounPhrase | null
      readonly direct: NounPhrase | null
      readonly place: PlacePhrase | null
    }
  | { readonly kind: 'passive'; readonly verb: Verb; readonly agent: NounPhrase | null }
  | { readonly kind: 'quality'; readonly adjective: Adjective; readonly than: NounPhrase | null }

export interface Clause {
  readonly subject: NounPhrase
  readonly predicate: Predicate
  readonly tense: Tense
  /** Set with tense "modal". */
  readonly modal: Modal | null
  readonly negated: boolean
  readonly adverb: Adverb | null
}

export type Front = 'subject' | 'adverb' | 'place'

export type Sentence =
  | { readonly kind: 'statement'; readonly clause: Clause; readonly front: Front }
  | { readonly kind: 'question'; readonly clause: Clause }
  | { readonly kind: 'joined'; readonly first: Clause; readonly conjunction: Conjunction; readonly second: Clause }
  | { readonly kind: 'condition'; readonly condition: Clause; readonly main: Clause }
  | { readonly kind: 'report'; readonly matrix: Clause; readonly clause: Clause }
  /** "versucht, das Buch zu lesen" */
  | { readonly kind: 'attempt'; readonly matrix: Clause; readonly predicate: Predicate }

export function isPlural(phrase: NounPhrase): boolean {
  switch (phrase.kind) {
    case 'noun':
    case 'gap':
      return phrase.plural
    case 'pronoun':
      return phrase.pronoun.plural
    case 'pair':
      return true
  }
}

export function isFirstPerson(phrase: NounPhrase): boolean {
  return phrase.kind === 'pronoun' && phrase.pronoun.person === 1
}

/** Words joined by single spaces; commas attach to the preceding word and are never doubled. */
export function joinWords(...words: readonly string[]): string {
  let text = ''
  for (const word of words) if (word !== '') text += text === '' ? word : ` ${word}`
  return text.includes(',') ? text.replace(/(\s*,)+/g, ',') : text
}

/** A whole sentence, without a trailing comma. */
export function sentenceText(...words: readonly string[]): string {
  return joinWords(...words)
    .replace(/,( \?)?$/, '$1')
    .replace(/ \?$/, '?')
}
