import type { Clause, NamedPhrase, NounPhrase, PlacePhrase, Predicate, Sentence } from './meaning.ts'
import { isFirstPerson, isPlural, sentenceText, joinWords } from './meaning.ts'
import type { Gender } from './nouns.ts'
import type { Verb } from './verbs.ts'
import type { Case } from './words.ts'
import { BY, NUMBERS } from './words.ts'

/** Renders a meaning in German: cases, adjective endings, and verb positions. */

type Form = Gender | 'plural'

const ARTICLES: Readonly<Record<Case, Readonly<Record<Form, string>>>> = {
  nom: { m: 'der', f: 'die', n: 'das', plural: 'die' },
  acc: { m: 'den', f: 'die', n: 'das', plural: 'die' },
  dat: { m: 'dem', f: 'der', n: 'dem', plural: 'den' },
}
/** Endings of dieser and jeder. */
const DER_ENDINGS: Readonly<Record<Case, Readonly<Record<Form, string>>>> = {
  nom: { m: 'er', f: 'e', n: 'es', plural: 'e' },
  acc: { m: 'en', f: 'e', n: 'es', plural: 'e' },
  dat: { m: 'em', f: 'er', n: 'em', plural: 'en' },
}
/** Endings of ein, kein, mein and unser. */
const EIN_ENDINGS: Readonly<Record<Case, Readonly<Record<Form, string>>>> = {
  nom: { m: '', f: 'e', n: '', plural: 'e' },
  acc: { m: 'en', f: 'e', n: '', plural: 'e' },
  dat: { m: 'em', f: 'er', n: 'em', plural: 'en' },
}

type Declension = 'weak' | 'mixed' | 'strong'

/** Ending of an attribute: weak after der-words, mixed after ein-words, strong where nothing else shows the case. */
function attributeEnding(form: Form, kase: Case, declension: Declension): string {
  if (form === 'plural') return declension === 'strong' && kase !== 'dat' ? 'e' : 'en'
  if (kase === 'dat' || (kase === 'acc' && form === 'm')) return 'en'
  if (declension === 'weak' || form === 'f') return 'e'
  return form === 'm' ? 'er' : 'es'
}

function determine(phrase: NamedPhrase, form: Form, kase: Case, no: boolean): readonly [string, Declension] {
  const ein = (stem: string): readonly [string, Declension] => [stem + EIN_ENDINGS[kase][form], 'mixed']
  if (no) return ein('kein')
  switch (phrase.determiner) {
    case 'definite':
      return [ARTICLES[kase][form], 'weak']
    case 'this':
      return [`dies${DER_ENDINGS[kase][form]}`, 'weak']
    case 'every':
      return [`jed${DER_ENDINGS[kase][form]}`, 'weak']
    case 'my':
      return ein('mein')
    case 'our':
      return ein('unser')
    case 'indefinite':
      return form === 'plural' ? ['', 'strong'] : ein('ein')
  }
}

function nounForm({ noun, plural }: NamedPhrase, kase: Case): string {
  if (plural) return kase === 'dat' && !/[ns]$/.test(noun.many) ? `${noun.many}n` : noun.many
  return noun.weak && kase !== 'nom' ? noun.many : noun.one
}

/** @param no uses "kein" instead of "ein" */
function phraseIn(kase: Case, phrase: NounPhrase, no = false): string {
  switch (phrase.kind) {
    case 'gap':
      return ''
    case 'pronoun':
      return phrase.pronoun.de[kase]
    case 'pair':
      return joinWords(phraseIn(kase, phrase.first), 'und', phraseIn(kase, phrase.second))
    case 'noun': {
      const form = phrase.plural ? 'plural' : phrase.noun.gender
      const [determiner, declension] = determine(phrase, form, kase, no)
      const attributes = phrase.adjectives.map(
        ({ de }) => de.replace(/e$/, '') + attributeEnding(form, kase, declension),
      )
      const count = phrase.count === null ? '' : NUMBERS[phrase.count]![0]
      const { relative } = phrase
      const after = relative
        ? [',', ARTICLES[relative.role === 'subject' ? 'nom' : 'acc'][form], clauseIn('last', relative.clause), ',']
        : []
      return joinWords(determiner, count, ...attributes, nounForm(phrase, kase), ...after)
    }
  }
}

const CONTRACTIONS: Readonly<Record<string, string>> = {
  'in dem': 'im',
  'in das': 'ins',
  'zu dem': 'zum',
  'zu der': 'zur',
  'von dem': 'vom',
}

function placeIn({ preposition, phrase }: PlacePhrase): string {
  const phraseText = `${preposition.de} ${phraseIn(preposition.case, phrase)}`
  const definite = phrase.kind === 'noun' && phrase.determiner === 'definite'
  return definite ? phraseText.replace(/^\w+ \w+(?= )/, (pair) => CONTRACTIONS[pair] ?? pair) : phraseText
}

/** Forms of a verb for ich, for er/sie/es, and for wir and sie. */
type Finite = readonly [first: string, third: string, plural: string]

const SEIN: Finite = ['bin', 'ist', 'sind']
const WAR: Finite = ['war', 'war', 'waren']
const HABEN: Finite = ['habe', 'hat', 'haben']
const WERDEN: Finite = ['werde', 'wird', 'werden']

function presentOf(verb: Verb): Finite {
  const stem = verb.infinitive.replace(/e?n$/, '')
  return [`${stem}e`, verb.third, verb.infinitive]
}

function agree(forms: Finite, subject: NounPhrase): string {
  return forms[isPlural(subject) ? 2 : isFirstPerson(subject) ? 0 : 1]
}

interface VerbParts {
  readonly finite: string
  /** A separable prefix: at the end of a main clause, before the verb of a subordinate one. */
  readonly prefix: string
  /** Participle or infinitive, at the end. */
  readonly rest: string
}

function verbParts({ subject, predicate, tense, modal }: Clause): VerbParts {
  const parts = (forms: Finite, rest = '', prefix = '') => ({ finite: agree(forms, subject), prefix, rest })
  const helper: Finite = modal ? [modal.one, modal.one, modal.many] : WERDEN
  const helped = tense === 'future' || tense === 'modal'
  switch (predicate.kind) {
    case 'quality':
      if (helped) return parts(helper, 'sein')
      return parts(tense === 'past' ? WAR : SEIN)
    case 'passive': {
      const { participle } = predicate.verb
      if (helped) return parts(helper, `${participle} werden`)
      return tense === 'past' ? parts(SEIN, `${participle} worden`) : parts(WERDEN, participle)
    }
    case 'action': {
      const { verb } = predicate
      if (helped) return parts(helper, verb.prefix + verb.infinitive)
      if (tense === 'past') return parts(verb.auxiliary === 'sein' ? SEIN : HABEN, verb.participle)
      return parts(presentOf(verb), '', verb.prefix)
    }
  }
}

/** What stands between the two verb positions: pronoun, time, objects, "nicht", place. */
function middle(predicate: Predicate, adverb: string, negated: boolean, saysPlace: boolean): string[] {
  switch (predicate.kind) {
    case 'quality': {
      const { adjective, than } = predicate
      const quality = than ? [adjective.more!, 'als', phraseIn('nom', than)] : [adjective.de]
      return [adverb, negated ? 'nicht' : '', ...quality]
    }
    case 'passive':
      return [adverb, predicate.agent ? placeIn({ preposition: BY, phrase: predicate.agent }) : '']
    case 'action': {
      const { indirect, direct, place } = predicate
      const no = negated && direct?.kind === 'noun' && direct.determiner === 'indefinite' && direct.count === null
      const pronoun = direct?.kind === 'pronoun' ? phraseIn('acc', direct) : ''
      const object = direct && direct.kind !== 'pronoun' ? phraseIn('acc', direct, no) : ''
      return [
        pronoun,
        adverb,
        indirect ? phraseIn('dat', indirect) : '',
        object,
        negated && !no ? 'nicht' : '',
        place && saysPlace ? placeIn(place) : '',
      ]
    }
  }
}

/** Position of the finite verb: after the subject, first, after a fronted adverb or place, or last. */
type Order = 'subject' | 'first' | 'adverb' | 'place' | 'last'

function clauseIn(order: Order, clause: Clause): string {
  const { finite, prefix, rest } = verbParts(clause)
  const subject = phraseIn('nom', clause.subject)
  const adverb = clause.adverb?.de ?? ''
  const words = middle(clause.predicate, order === 'adverb' ? '' : adverb, clause.negated, order !== 'place')
  switch (order) {
    case 'subject':
      return joinWords(subject, finite, ...words, rest, prefix)
    case 'first':
      return joinWords(finite, subject, ...words, rest, prefix)
    case 'adverb':
      return joinWords(adverb, finite, subject, ...words, rest, prefix)
    case 'place': {
      const { predicate } = clause
      const place = predicate.kind === 'action' && predicate.place ? placeIn(predicate.place) : ''
      return joinWords(place, finite, subject, ...words, rest, prefix)
    }
    case 'last':
      return joinWords(subject, ...words, rest, prefix + finite)
  }
}

/** "das Buch zu lesen", "die Tür zuzumachen". */
function toInfinitive(predicate: Predicate): string {
  if (predicate.kind !== 'action') return ''
  const { prefix, infinitive } = predicate.verb
  return joinWords(...middle(predicate, '', false, true), prefix ? `${prefix}zu${infinitive}` : `zu ${infinitive}`)
}

export function inGerman(sentence: Sentence): string {
  switch (sentence.kind) {
    case 'statement':
      return sentenceText(clauseIn(sentence.front, sentence.clause))
    case 'question':
      return sentenceText(clauseIn('first', sentence.clause), '?')
    case 'joined': {
      const { first, conjunction, second } = sentence
      const comma = conjunction.de === 'und' ? '' : ','
      const order = conjunction.subordinating ? 'last' : 'subject'
      return sentenceText(clauseIn('subject', first), comma, conjunction.de, clauseIn(order, second))
    }
    case 'condition':
      return sentenceText('wenn', clauseIn('last', sentence.condition), ',', clauseIn('first', sentence.main))
    case 'report':
      return sentenceText(clauseIn('subject', sentence.matrix), ',', 'dass', clauseIn('last', sentence.clause))
    case 'attempt':
      return sentenceText(clauseIn('subject', sentence.matrix), ',', toInfinitive(sentence.predicate))
  }
}
