import type { NounClass } from './nouns.ts'

/** Verbs of the grammar: German principal parts, English ones, and who does what to what. */
export interface Verb {
  /** Without the prefix of a separable verb. */
  readonly infinitive: string
  /** "auf" of "aufmachen"; empty for most. */
  readonly prefix: string
  readonly third: string
  readonly participle: string
  readonly auxiliary: 'haben' | 'sein'
  readonly en: string
  readonly enThird: string
  readonly enPast: string
  readonly enParticiple: string
  readonly subjects: readonly NounClass[]
  readonly objects: readonly NounClass[]
}

const PERSON: readonly NounClass[] = ['person']
const ANIMAL: readonly NounClass[] = ['animal']
const ANIMATE: readonly NounClass[] = ['person', 'animal']
const GOODS: readonly NounClass[] = ['thing', 'text', 'food']
const ANYTHING: readonly NounClass[] = ['person', 'animal', 'thing', 'text', 'food', 'opening', 'landmark']

/** A row is infinitive ("auf+machen"), er-form, participle, then English base, -s form, past and participle. */
function verbs(
  subjects: readonly NounClass[],
  objects: readonly NounClass[],
  rows: string,
  auxiliary: 'haben' | 'sein' = 'haben',
): Verb[] {
  return rows
    .trim()
    .split('\n')
    .map((row) => {
      const [german, third, participle, ...english] = row.trim().split(' ')
      const [en, enThird, enPast, enParticiple] = english.map((word) => word.replaceAll('_', ' '))
      const [first, second] = german!.split('+')
      return {
        infinitive: second ?? first!,
        prefix: second === undefined ? '' : first!,
        third: third!,
        participle: participle!,
        auxiliary,
        en: en!,
        enThird: enThird!,
        enPast: enPast!,
        enParticiple: enParticiple!,
        subjects,
        objects,
      }
    })
}

/** With a direct object in the accusative. */
export const TRANSITIVE: readonly Verb[] = [
  ...verbs(
    ANIMATE,
    ANYTHING,
    `sehen sieht gesehen see sees saw seen
     finden findet gefunden find finds found found
     suchen sucht gesucht look_for looks_for looked_for looked_for`,
  ),
  ...verbs(ANIMATE, ANIMATE, 'hören hört gehört hear hears heard heard'),
  ...verbs(
    PERSON,
    ANYTHING,
    `malen malt gemalt paint paints painted painted
     zeichnen zeichnet gezeichnet draw draws drew drawn
     lieben liebt geliebt love loves loved loved`,
  ),
  ...verbs(
    PERSON,
    GOODS,
    `kaufen kauft gekauft buy buys bought bought
     verkaufen verkauft verkauft sell sells sold sold
     holen holt geholt fetch fetches fetched fetched
     tragen trägt getragen carry carries carried carried
     verlieren verliert verloren lose loses lost lost
     brauchen braucht gebraucht need needs needed needed
     weg+werfen wirft weggeworfen throw_away throws_away threw_away thrown_away`,
  ),
  ...verbs(
    PERSON,
    ['food'],
    `essen isst gegessen eat eats ate eaten
     kochen kocht gekocht cook cooks cooked cooked`,
  ),
  ...verbs(ANIMAL, ['food'], 'fressen frisst gefressen eat eats ate eaten'),
  ...verbs(
    PERSON,
    ['text'],
    `lesen liest gelesen read reads read read
     schreiben schreibt geschrieben write writes wrote written
     vor+lesen liest vorgelesen read_aloud reads_aloud read_aloud read_aloud`,
  ),
  ...verbs(
    PERSON,
    ['opening'],
    `öffnen öffnet geöffnet open opens opened opened
     zu+machen macht zugemacht close closes closed closed`,
  ),
  ...verbs(
    PERSON,
    PERSON,
    `fragen fragt gefragt ask asks asked asked
     kennen kennt gekannt know knows knew known
     verstehen versteht verstanden understand understands understood understood
     besuchen besucht besucht visit visits visited visited
     an+rufen ruft angerufen call calls called called
     ein+laden lädt eingeladen invite invites invited invited
     ab+holen holt abgeholt pick_up picks_up picked_up picked_up`,
  ),
  ...verbs(PERSON, ANIMAL, 'füttern füttert gefüttert feed feeds fed fed'),
]

/** With an object in the dative. */
export const DATIVE: readonly Verb[] = [
  ...verbs(
    PERSON,
    PERSON,
    `helfen hilft geholfen help helps helped helped
     danken dankt gedankt thank thanks thanked thanked
     antworten antwortet geantwortet answer answers answered answered`,
  ),
  ...verbs(ANIMATE, ANIMATE, 'folgen folgt gefolgt follow follows followed followed', 'sein'),
]

/** With a dative person and an accusative object. */
export const GIVING: readonly Verb[] = verbs(
  PERSON,
  GOODS,
  `geben gibt gegeben give gives gave given
   zeigen zeigt gezeigt show shows showed shown
   bringen bringt gebracht bring brings brought brought
   schicken schickt geschickt send sends sent sent
   leihen leiht geliehen lend lends lent lent`,
)

/** Without an object; a place says where. */
export const RESTING: readonly Verb[] = [
  ...verbs(
    ANIMATE,
    [],
    `schlafen schläft geschlafen sleep sleeps slept slept
     warten wartet gewartet wait waits waited waited
     spielen spielt gespielt play plays played played
     sitzen sitzt gesessen sit sits sat sat
     liegen liegt gelegen lie lies lay lain
     stehen steht gestanden stand stands stood stood`,
  ),
  ...verbs(
    PERSON,
    [],
    `arbeiten arbeitet gearbeitet work works worked worked
     singen singt gesungen sing sings sang sung
     tanzen tanzt getanzt dance dances danced danced
     lachen lacht gelacht laugh laughs laughed laughed
     lernen lernt gelernt learn learns learned learned`,
  ),
]

/** Of motion: a place says where to, in the accusative; the perfect takes "sein". */
export const MOVING: readonly Verb[] = verbs(
  ANIMATE,
  [],
  `gehen geht gegangen go goes went gone
   laufen läuft gelaufen run runs ran run
   kommen kommt gekommen come comes came come
   springen springt gesprungen jump jumps jumped jumped`,
  'sein',
)

/** Take an infinitive with "zu". */
export const TRYING: readonly Verb[] = verbs(
  PERSON,
  [],
  `versuchen versucht versucht try tries tried tried
   hoffen hofft gehofft hope hopes hoped hoped
   vergessen vergisst vergessen forget forgets forgot forgotten`,
)

/** Take a clause with "dass". */
export const SAYING: readonly Verb[] = verbs(
  PERSON,
  [],
  `glauben glaubt geglaubt believe believes believed believed
   sagen sagt gesagt say says said said
   denken denkt gedacht think thinks thought thought
   hören hört gehört hear hears heard heard`,
)
