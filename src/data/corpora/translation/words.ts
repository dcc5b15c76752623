import type { NounClass } from './nouns.ts'

/** Adjectives, adverbs, prepositions, pronouns, modal verbs and conjunctions of the grammar. */

export interface Adjective {
  /** As a predicate; the attribute's stem drops a final -e ("müde", "der müde Hund"). */
  readonly de: string
  readonly en: string
  readonly more: string | null
  readonly enMore: string | null
  readonly classes: readonly NounClass[]
  /** English order of attributes: lower first. */
  readonly rank: number
}

const LIVING: readonly NounClass[] = ['person', 'animal']
const LIFELESS: readonly NounClass[] = ['thing', 'text', 'food', 'opening']
const SOLID: readonly NounClass[] = ['thing', 'opening', 'landmark']
const ALL: readonly NounClass[] = [...LIVING, ...LIFELESS, 'place', 'landmark']

/** A row is the German predicate, English, then both comparatives where there are any. */
function adjectives(classes: readonly NounClass[], rank: number, rows: string): Adjective[] {
  return rows
    .trim()
    .split('\n')
    .map((row) => {
      const [de, en, more = null, enMore = null] = row.trim().split(' ')
      return { de: de!, en: en!, more, enMore: enMore?.replaceAll('_', ' ') ?? null, classes, rank }
    })
}

export const ADJECTIVES: readonly Adjective[] = [
  ...adjectives(
    ALL,
    1,
    `klein small kleiner smaller
     groß big größer bigger
     alt old älter older
     schön beautiful schöner more_beautiful`,
  ),
  ...adjectives(
    LIVING,
    2,
    `jung young jünger younger
     schnell fast schneller faster
     langsam slow langsamer slower
     klug clever klüger cleverer
     müde tired müder more_tired
     hungrig hungry hungriger hungrier
     glücklich happy glücklicher happier
     traurig sad trauriger sadder
     stark strong stärker stronger`,
  ),
  ...adjectives(['person'], 2, 'freundlich friendly freundlicher friendlier'),
  ...adjectives(
    LIFELESS,
    2,
    `neu new neuer newer
     schwer heavy schwerer heavier
     leicht light leichter lighter
     billig cheap billiger cheaper`,
  ),
  ...adjectives(
    SOLID,
    3,
    `rot red
     grün green
     blau blue
     gelb yellow
     rund round`,
  ),
  ...adjectives(
    [...SOLID, 'animal'],
    3,
    `schwarz black
     weiß white
     grau grey
     braun brown`,
  ),
  ...adjectives(
    ['food'],
    2,
    `süß sweet süßer sweeter
     frisch fresh frischer fresher
     warm warm wärmer warmer
     kalt cold kälter colder`,
  ),
  ...adjectives(
    ['place'],
    2,
    `leer empty leerer emptier
     hell bright heller brighter
     ruhig quiet ruhiger quieter`,
  ),
]

export type Tense = 'present' | 'past' | 'future' | 'modal'

export interface Adverb {
  readonly de: string
  readonly en: string
  /** A time goes last in English; a frequency goes before the verb. */
  readonly kind: 'time' | 'frequency'
  readonly tenses: readonly Tense[]
}

function adverb(kind: Adverb['kind'], de: string, en: string, ...tenses: readonly Tense[]): Adverb {
  return { kind, de, en, tenses }
}

export const ADVERBS: readonly Adverb[] = [
  adverb('time', 'heute', 'today', 'present', 'past', 'future', 'modal'),
  adverb('time', 'jetzt', 'now', 'present', 'modal'),
  adverb('time', 'jeden Tag', 'every day', 'present', 'modal'),
  adverb('time', 'am Abend', 'in the evening', 'present', 'past', 'future', 'modal'),
  adverb('time', 'gestern', 'yesterday', 'past'),
  adverb('time', 'letzte Woche', 'last week', 'past'),
  adverb('time', 'morgen', 'tomorrow', 'future', 'modal'),
  adverb('time', 'nächste Woche', 'next week', 'future', 'modal'),
  adverb('frequency', 'oft', 'often', 'present', 'past'),
  adverb('frequency', 'immer', 'always', 'present', 'past'),
  adverb('frequency', 'manchmal', 'sometimes', 'present', 'past'),
]

export type Case = 'nom' | 'acc' | 'dat'

export interface Preposition {
  readonly de: string
  readonly en: string
  readonly case: Case
}

export const IN: Preposition = { de: 'in', en: 'in', case: 'dat' }
export const INTO: Preposition = { de: 'in', en: 'into', case: 'acc' }
export const TO: Preposition = { de: 'zu', en: 'to', case: 'dat' }
export const OUT_OF: Preposition = { de: 'aus', en: 'out of', case: 'dat' }
export const BY: Preposition = { de: 'von', en: 'by', case: 'dat' }
export const WITH: Preposition = { de: 'mit', en: 'with', case: 'dat' }
export const NEAR: readonly Preposition[] = [
  { de: 'neben', en: 'next to', case: 'dat' },
  { de: 'hinter', en: 'behind', case: 'dat' },
  { de: 'vor', en: 'in front of', case: 'dat' },
]

export interface Pronoun {
  readonly de: Readonly<Record<Case, string>>
  readonly en: string
  readonly enObject: string
  readonly person: 1 | 3
  readonly plural: boolean
}

function pronoun(de: string, en: string, enObject: string, person: 1 | 3, plural: boolean): Pronoun {
  const [nom, acc, dat] = de.split(' ')
  return { de: { nom: nom!, acc: acc!, dat: dat! }, en, enObject, person, plural }
}

export const PRONOUNS = {
  I: pronoun('ich mich mir', 'I', 'me', 1, false),
  we: pronoun('wir uns uns', 'we', 'us', 1, true),
  he: pronoun('er ihn ihm', 'he', 'him', 3, false),
  she: pronoun('sie sie ihr', 'she', 'her', 3, false),
  they: pronoun('sie sie ihnen', 'they', 'them', 3, true),
} as const

/** A pronoun for a thing or an animal follows the gender of its German noun; English says "it". */
export const IT = {
  m: pronoun('er ihn ihm', 'it', 'it', 3, false),
  f: pronoun('sie sie ihr', 'it', 'it', 3, false),
  n: pronoun('es es ihm', 'it', 'it', 3, false),
} as const

export interface Modal {
  readonly one: string
  readonly many: string
  readonly en: string
  readonly enThird: string
  /** Null where the negation differs in meaning between the languages ("muss nicht"). */
  readonly enNot: string | null
}

export const MODALS: readonly Modal[] = [
  { one: 'kann', many: 'können', en: 'can', enThird: 'can', enNot: 'cannot' },
  { one: 'muss', many: 'müssen', en: 'must', enThird: 'must', enNot: null },
  { one: 'soll', many: 'sollen', en: 'should', enThird: 'should', enNot: 'should not' },
  { one: 'darf', many: 'dürfen', en: 'may', enThird: 'may', enNot: 'may not' },
  { one: 'will', many: 'wollen', en: 'want to', enThird: 'wants to', enNot: null },
]

export interface Conjunction {
  readonly de: string
  readonly en: string
  /** Sends the German verb to the end of its clause. */
  readonly subordinating: boolean
}

export const CONJUNCTIONS: readonly Conjunction[] = [
  { de: 'weil', en: 'because', subordinating: true },
  { de: 'obwohl', en: 'although', subordinating: true },
  { de: 'während', en: 'while', subordinating: true },
  { de: 'und', en: 'and', subordinating: false },
  { de: 'aber', en: 'but', subordinating: false },
]

/** Two to nine; the index is the number less two. */
export const NUMBERS: readonly (readonly [de: string, en: string])[] = [
  ['zwei', 'two'],
  ['drei', 'three'],
  ['vier', 'four'],
  ['fünf', 'five'],
  ['sechs', 'six'],
  ['sieben', 'seven'],
  ['acht', 'eight'],
  ['neun', 'nine'],
]
