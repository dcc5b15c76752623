/** Nouns of the grammar with what both languages need to know about them. */

export type Gender = 'm' | 'f' | 'n'
export type NounClass = 'person' | 'animal' | 'thing' | 'text' | 'food' | 'opening' | 'place' | 'landmark'

export interface Noun {
  readonly class: NounClass
  readonly gender: Gender
  readonly one: string
  readonly many: string
  /** Takes -n or -en in every case but the nominative ("der Löwe, den Löwen"): the plural's form. */
  readonly weak: boolean
  readonly en: string
  readonly enMany: string
}

/** English plural by spelling: "boxes", "cities", "dogs". */
function regularPlural(word: string): string {
  if (/(s|x|ch|sh)$/.test(word)) return `${word}es`
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`
}

/** A row is gender ("m*": weak), singular, plural, English, and its plural where irregular. */
function nouns(of: NounClass, rows: string): Noun[] {
  return rows
    .trim()
    .split('\n')
    .map((row) => {
      const [gender, one, many, en, enMany = regularPlural(en!)] = row.trim().split(' ')
      return {
        class: of,
        gender: gender![0] as Gender,
        one: one!,
        many: many!,
        weak: gender!.endsWith('*'),
        en: en!,
        enMany,
      }
    })
}

const PERSONS = nouns(
  'person',
  `m Mann Männer man men
   f Frau Frauen woman women
   n Kind Kinder child children
   m* Junge Jungen boy
   n Mädchen Mädchen girl
   m Vater Väter father
   f Mutter Mütter mother
   m Sohn Söhne son
   f Tochter Töchter daughter
   m Bruder Brüder brother
   f Schwester Schwestern sister
   m Onkel Onkel uncle
   f Tante Tanten aunt
   m Freund Freunde friend
   m Lehrer Lehrer teacher
   f Ärztin Ärztinnen doctor
   m König Könige king
   f Königin Königinnen queen
   m Bäcker Bäcker baker
   f Köchin Köchinnen cook
   m Gärtner Gärtner gardener
   m* Student Studenten student
   m* Nachbar Nachbarn neighbour
   m Gast Gäste guest`,
)

const ANIMALS = nouns(
  'animal',
  `m Hund Hunde dog
   f Katze Katzen cat
   n Pferd Pferde horse
   m Vogel Vögel bird
   f Maus Mäuse mouse mice
   f Kuh Kühe cow
   n Schaf Schafe sheep sheep
   m* Bär Bären bear
   m* Löwe Löwen lion
   f Ente Enten duck
   m Fuchs Füchse fox
   m Wolf Wölfe wolf wolves
   m* Hase Hasen hare
   m Frosch Frösche frog`,
)

const THINGS = nouns(
  'thing',
  `n Bild Bilder picture
   f Lampe Lampen lamp
   m Stuhl Stühle chair
   m Tisch Tische table
   n Boot Boote boat
   m Ball Bälle ball
   m Schlüssel Schlüssel key
   m Hut Hüte hat
   m Mantel Mäntel coat
   f Tasche Taschen bag
   f Uhr Uhren clock
   n Messer Messer knife knives
   m Korb Körbe basket
   n Fahrrad Fahrräder bicycle
   n Auto Autos car
   f Blume Blumen flower
   m Stein Steine stone
   f Karte Karten map
   n Glas Gläser glass`,
)

const TEXTS = nouns(
  'text',
  `n Buch Bücher book
   m Brief Briefe letter
   f Zeitung Zeitungen newspaper
   f Geschichte Geschichten story
   n Gedicht Gedichte poem`,
)

const FOOD = nouns(
  'food',
  `m Apfel Äpfel apple
   f Birne Birnen pear
   m Kuchen Kuchen cake
   n Ei Eier egg
   f Kartoffel Kartoffeln potato potatoes
   f Nuss Nüsse nut
   f Suppe Suppen soup
   f Kirsche Kirschen cherry`,
)

const OPENINGS = nouns(
  'opening',
  `f Tür Türen door
   n Fenster Fenster window
   f Kiste Kisten box
   n Tor Tore gate`,
)

export const PLACE_NOUNS = nouns(
  'place',
  `m Garten Gärten garden
   n Haus Häuser house
   f Schule Schulen school
   m Wald Wälder forest
   f Stadt Städte city
   n Zimmer Zimmer room
   f Küche Küchen kitchen
   n Dorf Dörfer village
   m Park Parks park
   m Keller Keller cellar
   f Kirche Kirchen church
   m Hof Höfe yard
   m Laden Läden shop`,
)

export const LANDMARKS = nouns(
  'landmark',
  `m Baum Bäume tree
   f Brücke Brücken bridge
   f Mauer Mauern wall
   m Turm Türme tower
   m Berg Berge mountain
   m Fluss Flüsse river`,
)

export const NOUNS: readonly Noun[] = [
  ...PERSONS,
  ...ANIMALS,
  ...THINGS,
  ...TEXTS,
  ...FOOD,
  ...OPENINGS,
  ...PLACE_NOUNS,
  ...LANDMARKS,
]

/** Nouns by class, so that drawing one needs no search. */
const byClasses = new Map<string, readonly Noun[]>()

export function nounsOf(classes: readonly NounClass[]): readonly Noun[] {
  const key = classes.join(' ')
  let found = byClasses.get(key)
  if (!found) {
    found = NOUNS.filter((noun) => classes.includes(noun.class))
    byClasses.set(key, found)
  }
  return found
}
