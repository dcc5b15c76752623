import type { Rng } from '../../../core/random.ts'
import type { Clause, Determiner, Front, NamedPhrase, NounPhrase, PlacePhrase, Predicate, Sentence } from './meaning.ts'
import { isFirstPerson, isPlural } from './meaning.ts'
import type { Noun, NounClass } from './nouns.ts'
import { LANDMARKS, PLACE_NOUNS, nounsOf } from './nouns.ts'
import type { Verb } from './verbs.ts'
import { DATIVE, GIVING, MOVING, RESTING, SAYING, TRANSITIVE, TRYING } from './verbs.ts'
import type { Adjective, Adverb, Modal, Pronoun, Tense } from './words.ts'
import {
  ADJECTIVES,
  ADVERBS,
  CONJUNCTIONS,
  IN,
  INTO,
  IT,
  MODALS,
  NEAR,
  NUMBERS,
  OUT_OF,
  PRONOUNS,
  TO,
  WITH,
} from './words.ts'

/**
 * Draws sentence meanings. Probabilities are chosen so that most sentences are short and every construction is
 * frequent.
 */

const ANIMATE: readonly NounClass[] = ['person', 'animal']

const adjectivesOf = new Map<NounClass, readonly Adjective[]>()
for (const each of new Set(ADJECTIVES.flatMap(({ classes }) => classes)))
  adjectivesOf.set(
    each,
    ADJECTIVES.filter(({ classes }) => classes.includes(each)),
  )
const adverbsOf = (tense: Tense) => ADVERBS.filter(({ tenses }) => tenses.includes(tense))
const ADVERBS_OF: Readonly<Record<Tense, readonly Adverb[]>> = {
  present: adverbsOf('present'),
  past: adverbsOf('past'),
  future: adverbsOf('future'),
  modal: adverbsOf('modal'),
}

function attributes(random: Rng, noun: Noun, brief: boolean): Adjective[] {
  if (!random.chance(brief ? 0.12 : 0.3)) return []
  const fitting = adjectivesOf.get(noun.class)!
  const first = random.pick(fitting)
  if (!random.chance(0.15)) return [first]
  const second = random.pick(fitting)
  // In the English order, and never two of a kind ("red green").
  if (second.rank === first.rank) return [first]
  return first.rank < second.rank ? [first, second] : [second, first]
}

function determiner(random: Rng, plural: boolean): Determiner {
  const at = random.uniform()
  if (at < 0.5) return 'definite'
  if (at < 0.8) return 'indefinite'
  if (at < 0.87) return 'this'
  if (at < 0.93) return 'my'
  return at < 0.96 || plural ? 'our' : 'every'
}

/** @param brief fewer adjectives, no relative clause */
function named(random: Rng, choice: readonly Noun[], brief: boolean): NamedPhrase {
  const noun = random.pick(choice)
  const plural = random.chance(0.25)
  const counted = plural && random.chance(0.25)
  const adjectives = attributes(random, noun, brief)
  const phrase: NamedPhrase = {
    kind: 'noun',
    noun,
    plural,
    determiner: counted ? random.pick(['definite', 'indefinite', 'indefinite', 'my']) : determiner(random, plural),
    count: counted ? random.below(NUMBERS.length) : null,
    adjectives,
    relative: null,
  }
  return !brief && random.chance(0.04) ? { ...phrase, relative: relativeOf(random, phrase) } : phrase
}

function relativeOf(random: Rng, { noun, plural }: NamedPhrase): NamedPhrase['relative'] {
  const gap = { kind: 'gap', plural } as const
  const plain = { tense: random.chance(0.3) ? 'past' : 'present', modal: null, negated: false, adverb: null } as const
  if (ANIMATE.includes(noun.class) && random.chance(0.5)) {
    return { role: 'subject', clause: { subject: gap, predicate: action(random, [noun.class], true), ...plain } }
  }
  const verb = random.pick(TRANSITIVE.filter((each) => each.objects.includes(noun.class)))
  const predicate = { kind: 'action', verb, indirect: null, direct: gap, place: null } as const
  return { role: 'direct', clause: { subject: named(random, nounsOf(verb.subjects), true), predicate, ...plain } }
}

const SUBJECT_PRONOUNS = [PRONOUNS.I, PRONOUNS.we, PRONOUNS.he, PRONOUNS.she, PRONOUNS.they] as const
const OBJECT_PRONOUNS = [PRONOUNS.I, PRONOUNS.we] as const

function subjectOf(random: Rng, classes: readonly NounClass[], brief: boolean): NounPhrase {
  const at = random.uniform()
  if (at < 0.28 && classes.includes('person')) return { kind: 'pronoun', pronoun: random.pick(SUBJECT_PRONOUNS) }
  if (at < 0.3) {
    const one = () => ({ ...named(random, nounsOf(classes), true), adjectives: [] })
    return { kind: 'pair', first: one(), second: one() }
  }
  return named(random, nounsOf(classes), brief)
}

function anyAction(random: Rng): readonly Verb[] {
  const at = random.uniform()
  if (at < 0.54) return TRANSITIVE
  if (at < 0.62) return DATIVE
  if (at < 0.66) return GIVING
  return at < 0.88 ? RESTING : MOVING
}

/** An action possible for some of `doers`. */
function action(random: Rng, doers: readonly NounClass[], brief: boolean): Extract<Predicate, { kind: 'action' }> {
  for (;;) {
    const group = anyAction(random)
    const verb = random.pick(group)
    if (!verb.subjects.some((each) => doers.includes(each))) continue
    const nothing = { kind: 'action', verb, indirect: null, direct: null, place: null } as const
    if (group === RESTING) return { ...nothing, place: random.chance(0.4) ? placeOf(random) : null }
    if (group === MOVING) return { ...nothing, place: random.chance(0.8) ? goalOf(random) : null }
    if (group === DATIVE) return { ...nothing, indirect: named(random, nounsOf(verb.objects), brief) }
    if (group === GIVING) {
      const indirect = { ...named(random, nounsOf(['person']), true), adjectives: [] }
      return { ...nothing, indirect, direct: named(random, nounsOf(verb.objects), true) }
    }
    // English puts a pronoun inside "picks up": excluded.
    const pronoun = verb.objects.includes('person') && !verb.en.includes(' ') && random.chance(0.12)
    return {
      ...nothing,
      direct: pronoun
        ? { kind: 'pronoun', pronoun: random.pick(OBJECT_PRONOUNS) }
        : named(random, nounsOf(verb.objects), brief),
      place: random.chance(0.04) ? placeOf(random) : null,
    }
  }
}

function placeOf(random: Rng): PlacePhrase {
  const at = random.uniform()
  if (at < 0.55) return { preposition: IN, phrase: named(random, PLACE_NOUNS, true) }
  if (at < 0.85) return { preposition: random.pick(NEAR), phrase: named(random, [...PLACE_NOUNS, ...LANDMARKS], true) }
  return { preposition: WITH, phrase: named(random, nounsOf(['person']), true) }
}

function goalOf(random: Rng): PlacePhrase {
  const at = random.uniform()
  if (at < 0.55) return { preposition: INTO, phrase: named(random, PLACE_NOUNS, true) }
  if (at < 0.8) return { preposition: TO, phrase: named(random, [...PLACE_NOUNS, ...LANDMARKS], true) }
  return { preposition: OUT_OF, phrase: named(random, PLACE_NOUNS, true) }
}

interface Manner {
  readonly tense: Tense
  readonly modal: Modal | null
  readonly negated: boolean
  readonly adverb: Adverb | null
}

function mannerOf(random: Rng, plain: boolean): Manner {
  const at = random.uniform()
  const tense: Tense = at < 0.55 ? 'present' : at < 0.78 ? 'past' : at < 0.85 ? 'future' : 'modal'
  const modal = tense === 'modal' ? random.pick(MODALS) : null
  const negated = !plain && random.chance(0.12) && modal?.enNot !== null
  const adverb = !plain && !negated && random.chance(0.2) ? random.pick(ADVERBS_OF[tense]) : null
  return { tense, modal, negated, adverb }
}

/** "die Suppe ist wärmer als der Kuchen", "das Kind ist müde". */
function quality(random: Rng, plain: boolean): Clause {
  const subject = {
    ...named(random, nounsOf(['person', 'animal', 'thing', 'text', 'food', 'place']), true),
    adjectives: [],
  }
  const adjective = random.pick(adjectivesOf.get(subject.noun.class)!)
  const than =
    adjective.more !== null && random.chance(0.35)
      ? { ...named(random, nounsOf([subject.noun.class]), true), adjectives: [] }
      : null
  const tense = random.chance(0.3) ? 'past' : 'present'
  const negated = !plain && random.chance(0.12)
  return { subject, predicate: { kind: 'quality', adjective, than }, tense, modal: null, negated, adverb: null }
}

function passive(random: Rng): Clause {
  const verb = random.pick(TRANSITIVE)
  const subject = named(random, nounsOf(verb.objects), true)
  const agent = random.chance(0.6) ? named(random, nounsOf(verb.subjects), true) : null
  return { subject, predicate: { kind: 'passive', verb, agent }, ...mannerOf(random, true) }
}

/** @param plain no negation or adverb, short phrases: for one clause among several */
function clauseOf(random: Rng, plain: boolean): Clause {
  const at = random.uniform()
  if (at < 0.14) return quality(random, plain)
  if (at < 0.22) return passive(random)
  const drawn = action(random, ANIMATE, plain)
  const subject = subjectOf(random, drawn.verb.subjects, plain)
  // "we invited me" is not idiomatic.
  const predicate =
    drawn.direct?.kind === 'pronoun' && isFirstPerson(subject)
      ? { ...drawn, direct: { kind: 'pronoun', pronoun: PRONOUNS.he } as const }
      : drawn
  return { subject, predicate, ...mannerOf(random, plain) }
}

/** The same clause in the present, for two clauses about one time. */
function now(clause: Clause): Clause {
  return { ...clause, tense: 'present', modal: null, adverb: null }
}

function condition(random: Rng): Sentence {
  return { kind: 'condition', condition: now(clauseOf(random, true)), main: now(clauseOf(random, true)) }
}

/** Refers to a subject again: gender and number follow the noun, English distinguishes persons. */
function pronounFor(phrase: NounPhrase): Pronoun {
  if (phrase.kind === 'pronoun') return phrase.pronoun
  if (isPlural(phrase) || phrase.kind !== 'noun') return PRONOUNS.they
  const { gender, class: of } = phrase.noun
  return of === 'person' && gender === 'm' ? PRONOUNS.he : of === 'person' && gender === 'f' ? PRONOUNS.she : IT[gender]
}

function joined(random: Rng): Sentence {
  const first = clauseOf(random, true)
  const conjunction = random.pick(CONJUNCTIONS)
  let second = clauseOf(random, true)
  const { subject, predicate } = second
  // The second clause is about the first one's subject, where that fits its predicate.
  if (random.chance(0.5) && subject.kind === 'noun' && first.subject.kind === 'noun' && predicate.kind !== 'passive') {
    if (first.subject.noun.class === subject.noun.class)
      second = { ...second, subject: { kind: 'pronoun', pronoun: pronounFor(first.subject) } }
  }
  return conjunction.de === 'während'
    ? { kind: 'joined', first: now(first), conjunction, second: now(second) }
    : { kind: 'joined', first, conjunction, second }
}

function matrixOf(random: Rng, verbs: readonly Verb[]): Clause {
  const predicate = { kind: 'action', verb: random.pick(verbs), indirect: null, direct: null, place: null } as const
  const tense = random.chance(0.25) ? 'past' : 'present'
  const subject = { ...subjectOf(random, ['person'], true) }
  return { subject, predicate, tense, modal: null, negated: false, adverb: null }
}

export function drawSentence(random: Rng): Sentence {
  const at = random.uniform()
  if (at < 0.74) {
    const clause = clauseOf(random, false)
    const fronts: Front[] = ['subject', 'subject']
    if (clause.adverb?.kind === 'time') fronts.push('adverb', 'adverb')
    if (clause.predicate.kind === 'action' && clause.predicate.place && !clause.negated) fronts.push('place')
    return { kind: 'statement', clause, front: random.pick(fronts) }
  }
  if (at < 0.83) {
    const clause = clauseOf(random, false)
    // Where English would split "want to" or stack up "not": a plain question in the present or past.
    const asked: Clause = { ...clause, negated: false }
    const simple = clause.modal === null || !clause.modal.en.includes(' ')
    return { kind: 'question', clause: simple ? asked : { ...asked, tense: 'present', modal: null, adverb: null } }
  }
  if (at < 0.9) return joined(random)
  if (at < 0.93) return condition(random)
  if (at < 0.97) return { kind: 'report', matrix: matrixOf(random, SAYING), clause: clauseOf(random, true) }
  return { kind: 'attempt', matrix: matrixOf(random, TRYING), predicate: action(random, ['person'], true) }
}
