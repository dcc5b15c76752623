import { describe, expect, test } from 'vitest'
import { Rng } from '../../../src/core/random.ts'
import { translation } from '../../../src/data/corpora/translation.ts'
import { drawSentence } from '../../../src/data/corpora/translation/draw.ts'
import { inEnglish } from '../../../src/data/corpora/translation/english.ts'
import { inGerman } from '../../../src/data/corpora/translation/german.ts'
import type { Clause, NamedPhrase, Sentence } from '../../../src/data/corpora/translation/meaning.ts'
import { NOUNS } from '../../../src/data/corpora/translation/nouns.ts'
import { DATIVE, GIVING, MOVING, RESTING, TRANSITIVE, TRYING } from '../../../src/data/corpora/translation/verbs.ts'
import type { Verb } from '../../../src/data/corpora/translation/verbs.ts'
import {
  ADJECTIVES,
  ADVERBS,
  CONJUNCTIONS,
  IN,
  INTO,
  MODALS,
  PRONOUNS,
} from '../../../src/data/corpora/translation/words.ts'

const VERBS = [...TRANSITIVE, ...DATIVE, ...GIVING, ...RESTING, ...MOVING, ...TRYING]
const verb = (en: string): Verb => VERBS.find((each) => each.en === en)!
const adjective = (en: string) => ADJECTIVES.find((each) => each.en === en)!
const adverb = (en: string) => ADVERBS.find((each) => each.en === en)!

/** "the dog", "a small dog", "two dogs": the first word is the determiner. */
function phrase(en: string, more: Partial<NamedPhrase> = {}): NamedPhrase {
  const [first, ...rest] = en.split(' ')
  const word = rest.pop()!
  const noun = NOUNS.find((each) => each.en === word || each.enMany === word)!
  const determiner = first === 'the' ? 'definite' : first === 'a' || first === 'some' ? 'indefinite' : (first as 'my')
  return {
    kind: 'noun',
    noun,
    plural: noun.en !== word,
    determiner,
    count: null,
    adjectives: rest.map(adjective),
    relative: null,
    ...more,
  }
}

const plain = { tense: 'present', modal: null, negated: false, adverb: null } as const

function doing(
  subject: Clause['subject'],
  of: Verb,
  objects: Partial<Extract<Clause['predicate'], { kind: 'action' }>>,
) {
  return {
    subject,
    predicate: { kind: 'action', verb: of, indirect: null, direct: null, place: null, ...objects },
    ...plain,
  } as const
}

const say = (sentence: Sentence) => `${inGerman(sentence)} > ${inEnglish(sentence)}`
const state = (clause: Clause, front: 'subject' | 'adverb' | 'place' = 'subject') =>
  say({ kind: 'statement', clause, front })

const sees = (object: NamedPhrase) => doing(phrase('the cat'), verb('see'), { direct: object })
const place = (preposition: typeof IN, en: string) => ({ place: { preposition, phrase: phrase(en) } })

describe('articles, cases and adjective endings', () => {
  test.each([
    ['a small dog', 'die Katze sieht einen kleinen Hund > the cat sees a small dog'],
    ['the small dog', 'die Katze sieht den kleinen Hund > the cat sees the small dog'],
    ['a small duck', 'die Katze sieht eine kleine Ente > the cat sees a small duck'],
    ['a small horse', 'die Katze sieht ein kleines Pferd > the cat sees a small horse'],
    ['the small horse', 'die Katze sieht das kleine Pferd > the cat sees the small horse'],
    ['some small dogs', 'die Katze sieht kleine Hunde > the cat sees small dogs'],
    ['my small dogs', 'die Katze sieht meine kleinen Hunde > the cat sees my small dogs'],
    ['every lion', 'die Katze sieht jeden Löwen > the cat sees every lion'],
    ['our tired bird', 'die Katze sieht unseren müden Vogel > the cat sees our tired bird'],
    ['a old apple', 'die Katze sieht einen alten Apfel > the cat sees an old apple'],
    ['a apple', 'die Katze sieht einen Apfel > the cat sees an apple'],
  ])('%s in the accusative', (object, said) => {
    expect(state(sees(phrase(object)))).toBe(said)
  })

  test.each([
    ['a small dog', 'ein kleiner Hund schläft > a small dog sleeps'],
    ['a small horse', 'ein kleines Pferd schläft > a small horse sleeps'],
    ['the small dog', 'der kleine Hund schläft > the small dog sleeps'],
    ['the mice', 'die Mäuse schlafen > the mice sleep'],
  ])('%s in the nominative', (subject, said) => {
    expect(state(doing(phrase(subject), verb('sleep'), {}))).toBe(said)
  })

  test.each([
    ['a small man', 'ich helfe einem kleinen Mann > I help a small man'],
    ['the woman', 'ich helfe der Frau > I help the woman'],
    ['the children', 'ich helfe den Kindern > I help the children'],
    ['some small men', 'ich helfe kleinen Männern > I help small men'],
    ['the student', 'ich helfe dem Studenten > I help the student'],
  ])('%s in the dative', (object, said) => {
    const I = { kind: 'pronoun', pronoun: PRONOUNS.I } as const
    expect(state(doing(I, verb('help'), { indirect: phrase(object) }))).toBe(said)
  })

  test('numbers', () => {
    const counted = phrase('some small dogs', { count: 1 })
    expect(state(sees(counted))).toBe('die Katze sieht drei kleine Hunde > the cat sees three small dogs')
    expect(state(sees({ ...counted, determiner: 'definite' }))).toMatch(/^die Katze sieht die drei kleinen Hunde >/)
  })

  test('where takes the dative, where to the accusative', () => {
    expect(state(doing(phrase('a man'), verb('run'), place(IN, 'the garden')))).toBe(
      'ein Mann läuft im Garten > a man runs in the garden',
    )
    expect(state(doing(phrase('a man'), verb('run'), place(INTO, 'the house')))).toBe(
      'ein Mann läuft ins Haus > a man runs into the house',
    )
    expect(state(doing(phrase('a man'), verb('run'), place(INTO, 'the garden')))).toContain('in den Garten')
  })
})

describe('verb positions', () => {
  const closes = doing(phrase('the woman'), verb('close'), { direct: phrase('the door') })

  test('separable verbs part in main clauses only', () => {
    expect(state(closes)).toBe('die Frau macht die Tür zu > the woman closes the door')
    const because = CONJUNCTIONS.find(({ en }) => en === 'because')!
    const sleeps = doing(phrase('the dog'), verb('sleep'), {})
    expect(say({ kind: 'joined', first: sleeps, conjunction: because, second: closes })).toBe(
      'der Hund schläft, weil die Frau die Tür zumacht > the dog sleeps because the woman closes the door',
    )
    const tries = doing(phrase('the man'), verb('try'), {})
    expect(say({ kind: 'attempt', matrix: tries, predicate: closes.predicate })).toBe(
      'der Mann versucht, die Tür zuzumachen > the man tries to close the door',
    )
  })

  test('the verb comes second after an adverb, first in a question', () => {
    const today = { ...closes, tense: 'past', adverb: adverb('yesterday') } as const
    expect(state(today, 'adverb')).toBe('gestern hat die Frau die Tür zugemacht > yesterday the woman closed the door')
    expect(state(today)).toBe('die Frau hat gestern die Tür zugemacht > the woman closed the door yesterday')
    expect(say({ kind: 'question', clause: closes })).toBe(
      'macht die Frau die Tür zu? > does the woman close the door?',
    )
  })

  test('modal, future, perfect with sein', () => {
    const want = MODALS.find(({ en }) => en === 'want to')!
    expect(state({ ...closes, tense: 'modal', modal: want })).toBe(
      'die Frau will die Tür zumachen > the woman wants to close the door',
    )
    expect(state({ ...closes, tense: 'future' })).toBe('die Frau wird die Tür zumachen > the woman will close the door')
    const went = { ...doing(phrase('the women'), verb('go'), {}), tense: 'past' } as const
    expect(state(went)).toBe('die Frauen sind gegangen > the women went')
  })

  test('negation: kein before what "ein" would name, else nicht', () => {
    expect(state({ ...sees(phrase('a dog')), negated: true })).toBe(
      'die Katze sieht keinen Hund > the cat does not see a dog',
    )
    expect(state({ ...closes, negated: true, tense: 'past' })).toBe(
      'die Frau hat die Tür nicht zugemacht > the woman did not close the door',
    )
  })

  test('passive and relative clauses', () => {
    const seen = {
      subject: phrase('the dog'),
      predicate: { kind: 'passive', verb: verb('see'), agent: phrase('the man') },
      ...plain,
    } as const
    expect(state(seen)).toBe('der Hund wird vom Mann gesehen > the dog is seen by the man')
    const who = phrase('the man', {
      relative: {
        role: 'subject',
        clause: doing({ kind: 'gap', plural: false }, verb('read'), { direct: phrase('a book') }),
      },
    })
    expect(state(doing(who, verb('sleep'), {}))).toBe(
      'der Mann, der ein Buch liest, schläft > the man who reads a book sleeps',
    )
  })

  test('comparison', () => {
    const bigger = { kind: 'quality', adjective: adjective('big'), than: phrase('the cat') } as const
    expect(state({ subject: phrase('my dog'), predicate: bigger, ...plain })).toBe(
      'mein Hund ist größer als die Katze > my dog is bigger than the cat',
    )
  })
})

test('thousands of drawn sentences are well formed and use every word', () => {
  const pairs = Array.from({ length: 6000 }, (_, i) => {
    const sentence = drawSentence(new Rng(1, 'sentences', i))
    return [inGerman(sentence), inEnglish(sentence)] as const
  })
  for (const said of pairs.flat()) {
    expect(said, said).toMatch(/^[A-Za-zÄÖÜäöüß]+(,? [A-Za-zÄÖÜäöüß]+)*\??$/)
    expect(said, said).not.toMatch(/\b(a [aeiou]|an [^aeiou]|undefined|null|not not|zu zu )/)
  }
  const german = new Set(pairs.flatMap(([de]) => de.split(/[ ,?]+/)))
  const unused = NOUNS.flatMap(({ one, many }) => [one, many]).filter(
    (word) => !german.has(word) && !german.has(`${word}n`),
  )
  expect(unused).toEqual([])
  expect(VERBS.filter(({ prefix, third }) => !german.has(third) && !german.has(prefix + third))).toEqual([])
})

test('documents: the loss begins behind the German, the English ends the line', () => {
  const { text, lossFrom } = translation.document(3, 'train')
  expect(text.slice(0, lossFrom)).toMatch(/^[^>\n]+ > $/)
  expect(text.slice(lossFrom)).toMatch(/^[^>\n]+\n$/)
  expect(translation.document(3, 'train').text).toBe(text)
})
