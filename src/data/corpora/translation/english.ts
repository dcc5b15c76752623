import type { Clause, NounPhrase, PlacePhrase, Predicate, Sentence } from './meaning.ts'
import { isFirstPerson, isPlural, sentenceText, joinWords } from './meaning.ts'
import { BY, NUMBERS } from './words.ts'

/** Renders a meaning in English: articles, agreement, do-support. */

function phraseOf(phrase: NounPhrase, role: 'subject' | 'object'): string {
  switch (phrase.kind) {
    case 'gap':
      return ''
    case 'pronoun':
      return role === 'subject' ? phrase.pronoun.en : phrase.pronoun.enObject
    case 'pair':
      return joinWords(phraseOf(phrase.first, role), 'and', phraseOf(phrase.second, role))
    case 'noun': {
      const { noun, plural, determiner, count, adjectives, relative } = phrase
      const attributes = adjectives.toSorted((a, b) => a.rank - b.rank).map(({ en }) => en)
      const number = count === null ? '' : NUMBERS[count]![1]
      const rest = joinWords(number, ...attributes, plural ? noun.enMany : noun.en)
      const after = relative
        ? [relative.role === 'subject' && noun.class === 'person' ? 'who' : 'that', clauseOf('plain', relative.clause)]
        : []
      return joinWords(article(determiner, plural, rest), rest, ...after)
    }
  }
}

function article(determiner: string, plural: boolean, next: string): string {
  switch (determiner) {
    case 'definite':
      return 'the'
    case 'indefinite':
      return plural ? '' : /^[aeiou]/.test(next) ? 'an' : 'a'
    case 'this':
      return plural ? 'these' : 'this'
    default:
      return determiner
  }
}

function placeOf({ preposition, phrase }: PlacePhrase): string {
  return `${preposition.en} ${phraseOf(phrase, 'object')}`
}

function beOf(subject: NounPhrase, past: boolean): string {
  if (isPlural(subject)) return past ? 'were' : 'are'
  if (past) return 'was'
  return isFirstPerson(subject) ? 'am' : 'is'
}

/** The verb in up to two parts: a question puts the subject between them, and a frequency goes there too. */
interface VerbParts {
  readonly helper: string
  readonly rest: string
}

/** @param support uses "do" even where only the word order (questions) requires it */
function verbParts(clause: Clause, support: boolean): VerbParts {
  const { subject, predicate, tense, modal, negated } = clause
  const third = !isPlural(subject) && !isFirstPerson(subject)
  const not = negated ? 'not' : ''
  const bare = bareOf(predicate)
  if (modal) {
    const modalForm = negated && modal.enNot !== null ? modal.enNot : third ? modal.enThird : modal.en
    return { helper: modalForm, rest: bare }
  }
  if (tense === 'future') return { helper: joinWords('will', not), rest: bare }
  if (predicate.kind !== 'action') {
    return { helper: joinWords(beOf(subject, tense === 'past'), not), rest: bare.replace(/^be ?/, '') }
  }
  const { verb } = predicate
  if (negated || support) {
    return { helper: joinWords(tense === 'past' ? 'did' : third ? 'does' : 'do', not), rest: verb.en }
  }
  return { helper: '', rest: tense === 'past' ? verb.enPast : third ? verb.enThird : verb.en }
}

/** The infinitive without "to": "see", "be seen", "be bigger than the dog". */
function bareOf(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'action':
      return predicate.verb.en
    case 'passive':
      return `be ${predicate.verb.enParticiple}`
    case 'quality': {
      const { adjective, than } = predicate
      return than ? `be ${adjective.enMore} than ${phraseOf(than, 'object')}` : `be ${adjective.en}`
    }
  }
}

/** What follows the verb: objects, agent, place. */
function complements(predicate: Predicate, saysPlace: boolean): string[] {
  switch (predicate.kind) {
    case 'quality':
      return []
    case 'passive':
      return [predicate.agent ? placeOf({ preposition: BY, phrase: predicate.agent }) : '']
    case 'action': {
      const { indirect, direct, place } = predicate
      return [
        indirect ? phraseOf(indirect, 'object') : '',
        direct ? phraseOf(direct, 'object') : '',
        place && saysPlace ? placeOf(place) : '',
      ]
    }
  }
}

type Order = 'plain' | 'adverb' | 'place' | 'question'

function clauseOf(order: Order, clause: Clause): string {
  const { subject, predicate, adverb } = clause
  const { helper, rest } = verbParts(clause, order === 'question')
  const frequency = adverb?.kind === 'frequency' && order !== 'adverb' ? adverb.en : ''
  const time = adverb?.kind === 'time' && order !== 'adverb' ? adverb.en : ''
  const subjectText = phraseOf(subject, 'subject')
  const words = [...complements(predicate, order !== 'place'), time]
  switch (order) {
    case 'plain':
      return joinWords(subjectText, helper, frequency, rest, ...words)
    case 'adverb':
      return joinWords(adverb?.en ?? '', subjectText, helper, rest, ...words)
    case 'place': {
      const place = predicate.kind === 'action' && predicate.place ? placeOf(predicate.place) : ''
      return joinWords(place, subjectText, helper, frequency, rest, ...words)
    }
    case 'question':
      return joinWords(helper, subjectText, frequency, rest, ...words)
  }
}

export function inEnglish(sentence: Sentence): string {
  switch (sentence.kind) {
    case 'statement':
      return sentenceText(clauseOf(sentence.front === 'subject' ? 'plain' : sentence.front, sentence.clause))
    case 'question':
      return sentenceText(clauseOf('question', sentence.clause), '?')
    case 'joined': {
      const { first, conjunction, second } = sentence
      const comma = conjunction.de === 'aber' ? ',' : ''
      return sentenceText(clauseOf('plain', first), comma, conjunction.en, clauseOf('plain', second))
    }
    case 'condition':
      return sentenceText('when', clauseOf('plain', sentence.condition), ',', clauseOf('plain', sentence.main))
    case 'report':
      return sentenceText(clauseOf('plain', sentence.matrix), 'that', clauseOf('plain', sentence.clause))
    case 'attempt':
      return sentenceText(
        clauseOf('plain', sentence.matrix),
        'to',
        bareOf(sentence.predicate),
        ...complements(sentence.predicate, true),
      )
  }
}
