import { Rng } from '../../core/random.ts'
import type { Corpus } from './corpus.ts'

/**
 * German → English sentence pairs from a small grammar: genders, cases and adjective endings, verb-second order, modal
 * brackets, perfect, subordinate clauses. "der kleine Hund sieht die Katze > the small dog sees the cat".
 */

type Gender = 'm' | 'f' | 'n'
type Case = 'nom' | 'acc' | 'dat'

interface Noun {
  readonly gender: Gender
  readonly one: string
  readonly many: string
  /** Dative plural, which mostly adds -n. */
  readonly dativeMany: string
  readonly en: string
  readonly enMany: string
  readonly animate: boolean
}

function noun(gender: Gender, one: string, many: string, dativeMany: string, en: string, animate = false, enMany = `${en}s`): Noun {
  return { gender, one, many, dativeMany, en, enMany, animate }
}

const NOUNS: readonly Noun[] = [
  noun('m', 'Hund', 'Hunde', 'Hunden', 'dog', true),
  noun('f', 'Katze', 'Katzen', 'Katzen', 'cat', true),
  noun('n', 'Pferd', 'Pferde', 'Pferden', 'horse', true),
  noun('m', 'Vogel', 'Vögel', 'Vögeln', 'bird', true),
  noun('m', 'Mann', 'Männer', 'Männern', 'man', true, 'men'),
  noun('f', 'Frau', 'Frauen', 'Frauen', 'woman', true, 'women'),
  noun('n', 'Kind', 'Kinder', 'Kindern', 'child', true, 'children'),
  noun('m', 'Lehrer', 'Lehrer', 'Lehrern', 'teacher', true),
  noun('f', 'Ärztin', 'Ärztinnen', 'Ärztinnen', 'doctor', true),
  noun('m', 'Freund', 'Freunde', 'Freunden', 'friend', true),
  noun('f', 'Schwester', 'Schwestern', 'Schwestern', 'sister', true),
  noun('m', 'Bruder', 'Brüder', 'Brüdern', 'brother', true),
  noun('n', 'Buch', 'Bücher', 'Büchern', 'book'),
  noun('m', 'Apfel', 'Äpfel', 'Äpfeln', 'apple'),
  noun('f', 'Blume', 'Blumen', 'Blumen', 'flower'),
  noun('m', 'Brief', 'Briefe', 'Briefen', 'letter'),
  noun('n', 'Bild', 'Bilder', 'Bildern', 'picture'),
  noun('f', 'Lampe', 'Lampen', 'Lampen', 'lamp'),
  noun('m', 'Stuhl', 'Stühle', 'Stühlen', 'chair'),
  noun('n', 'Boot', 'Boote', 'Booten', 'boat'),
]

const PLACES: readonly Noun[] = [
  noun('m', 'Garten', 'Gärten', 'Gärten', 'garden'),
  noun('n', 'Haus', 'Häuser', 'Häusern', 'house'),
  noun('f', 'Schule', 'Schulen', 'Schulen', 'school'),
  noun('m', 'Wald', 'Wälder', 'Wäldern', 'forest'),
  noun('f', 'Stadt', 'Städte', 'Städten', 'city', false, 'cities'),
  noun('n', 'Zimmer', 'Zimmer', 'Zimmern', 'room'),
]

const ADJECTIVES: readonly (readonly [string, string])[] = [
  ['klein', 'small'],
  ['groß', 'big'],
  ['alt', 'old'],
  ['jung', 'young'],
  ['schön', 'beautiful'],
  ['neu', 'new'],
  ['rot', 'red'],
  ['schnell', 'fast'],
  ['ruhig', 'quiet'],
  ['klug', 'clever'],
]

interface Verb {
  readonly infinitive: string
  readonly third: string
  readonly plural: string
  readonly participle: string
  readonly en: string
  readonly enThird: string
  readonly enPerfect: string
}

const TRANSITIVE: readonly Verb[] = [
  verb('sehen', 'sieht', 'gesehen', 'see', 'sees', 'seen'),
  verb('finden', 'findet', 'gefunden', 'find', 'finds', 'found'),
  verb('suchen', 'sucht', 'gesucht', 'seek', 'seeks', 'sought'),
  verb('kaufen', 'kauft', 'gekauft', 'buy', 'buys', 'bought'),
  verb('malen', 'malt', 'gemalt', 'paint', 'paints', 'painted'),
  verb('tragen', 'trägt', 'getragen', 'carry', 'carries', 'carried'),
  verb('lieben', 'liebt', 'geliebt', 'love', 'loves', 'loved'),
  verb('holen', 'holt', 'geholt', 'fetch', 'fetches', 'fetched'),
]

const INTRANSITIVE: readonly Verb[] = [
  verb('schlafen', 'schläft', 'geschlafen', 'sleep', 'sleeps', 'slept'),
  verb('arbeiten', 'arbeitet', 'gearbeitet', 'work', 'works', 'worked'),
  verb('spielen', 'spielt', 'gespielt', 'play', 'plays', 'played'),
  verb('warten', 'wartet', 'gewartet', 'wait', 'waits', 'waited'),
  verb('singen', 'singt', 'gesungen', 'sing', 'sings', 'sung'),
]

function verb(infinitive: string, third: string, participle: string, en: string, enThird: string, enPerfect: string): Verb {
  return { infinitive, third, plural: infinitive, participle, en, enThird, enPerfect }
}

const DEFINITE: Record<Case, Record<Gender | 'pl', string>> = {
  nom: { m: 'der', f: 'die', n: 'das', pl: 'die' },
  acc: { m: 'den', f: 'die', n: 'das', pl: 'die' },
  dat: { m: 'dem', f: 'der', n: 'dem', pl: 'den' },
}
const INDEFINITE: Record<Case, Record<Gender, string>> = {
  nom: { m: 'ein', f: 'eine', n: 'ein' },
  acc: { m: 'einen', f: 'eine', n: 'ein' },
  dat: { m: 'einem', f: 'einer', n: 'einem' },
}

/** Ending of an adjective: weak after a definite article, mixed after ein, strong without an article. */
function ending(gender: Gender, grammaticalCase: Case, plural: boolean, definite: boolean): string {
  if (plural) return definite || grammaticalCase === 'dat' ? 'en' : 'e'
  if (grammaticalCase === 'dat') return 'en'
  if (gender === 'm') return grammaticalCase === 'acc' ? 'en' : definite ? 'e' : 'er'
  return gender === 'n' && !definite ? 'es' : 'e'
}

interface Phrase {
  readonly de: string
  readonly en: string
  readonly plural: boolean
}

function nounPhrase(random: Rng, grammaticalCase: Case, nouns: readonly Noun[]): Phrase {
  const chosen = random.pick(nouns)
  const plural = random.below(4) === 0
  const definite = random.below(2) === 0
  const adjective = random.below(2) === 0 ? random.pick(ADJECTIVES) : null
  const article = definite
    ? DEFINITE[grammaticalCase][plural ? 'pl' : chosen.gender]
    : plural
      ? ''
      : INDEFINITE[grammaticalCase][chosen.gender]
  const word = plural ? (grammaticalCase === 'dat' ? chosen.dativeMany : chosen.many) : chosen.one
  const described = adjective ? adjective[0] + ending(chosen.gender, grammaticalCase, plural, definite) : ''
  const enWord = plural ? chosen.enMany : chosen.en
  const enRest = adjective ? `${adjective[1]} ${enWord}` : enWord
  const enArticle = definite ? 'the' : plural ? '' : /^[aeiou]/.test(enRest) ? 'an' : 'a'
  return { de: join(article, described, word), en: join(enArticle, enRest), plural }
}

function join(...words: readonly string[]): string {
  return words.filter(Boolean).join(' ')
}

interface Clause {
  readonly subject: Phrase
  /** Between subject and verb end: object or place, the same words in both orders. */
  readonly rest: Phrase
  readonly verb: Verb
}

function clause(random: Rng): Clause {
  const people = NOUNS.filter((each) => each.animate)
  const subject = nounPhrase(random, 'nom', people)
  if (random.below(3) > 0) return { subject, rest: nounPhrase(random, 'acc', NOUNS), verb: random.pick(TRANSITIVE) }
  const place = nounPhrase(random, 'dat', PLACES)
  return { subject, rest: { ...place, de: `in ${place.de}`, en: `in ${place.en}` }, verb: random.pick(INTRANSITIVE) }
}

const ADVERBS: readonly (readonly [string, string])[] = [
  ['heute', 'today'],
  ['oft', 'often'],
  ['manchmal', 'sometimes'],
  ['morgens', 'in the morning'],
  ['jetzt', 'now'],
]
const MODALS: readonly (readonly [string, string, string, string])[] = [
  ['will', 'wollen', 'wants to', 'want to'],
  ['kann', 'können', 'can', 'can'],
  ['muss', 'müssen', 'must', 'must'],
]
const FRAMES: readonly (readonly [string, string])[] = [
  ['ich weiß, dass', 'I know that'],
  ['wir glauben, dass', 'we believe that'],
  ['sie sagt, dass', 'she says that'],
]

function sentence(random: Rng): readonly [de: string, en: string] {
  const { subject, rest, verb: v } = clause(random)
  const finite = subject.plural ? v.plural : v.third
  const enFinite = subject.plural ? v.en : v.enThird
  switch (random.below(5)) {
    case 0: {
      const [de, en] = random.pick(ADVERBS)
      return [join(de, finite, subject.de, rest.de), join(en, subject.en, enFinite, rest.en)]
    }
    case 1: {
      const [one, many, enOne, enMany] = random.pick(MODALS)
      return [
        join(subject.de, subject.plural ? many : one, rest.de, v.infinitive),
        join(subject.en, subject.plural ? enMany : enOne, v.en, rest.en),
      ]
    }
    case 2:
      return [
        join(subject.de, subject.plural ? 'haben' : 'hat', rest.de, v.participle),
        join(subject.en, subject.plural ? 'have' : 'has', v.enPerfect, rest.en),
      ]
    case 3: {
      const [de, en] = random.pick(FRAMES)
      return [join(de, subject.de, rest.de, finite), join(en, subject.en, enFinite, rest.en)]
    }
    default:
      return [join(subject.de, finite, rest.de), join(subject.en, enFinite, rest.en)]
  }
}

export const translation: Corpus = {
  name: 'translation-de-en',
  title: 'German → English',
  description: 'Sentence pairs from a small grammar; the loss counts the English side only',
  size: 16384,
  validationSize: 256,
  prompt: 'ein kleiner Hund sieht die Katze > ',
  document(index, split) {
    const [de, en] = sentence(new Rng(7, `translation:${split}:${index}`))
    const given = `${de} > `
    return { text: `${given}${en}\n`, lossFrom: given.length }
  },
}
