import { FAULTS } from './fault-table.ts'
import type { FaultKind } from './fault-table.ts'

/**
 * A failure as data: it can be posted between workers, stored and worded in any language. Nothing is ever read back
 * from its text.
 */
export interface Fault extends FaultSentence<FaultCode>, Place {}

/** What a fault is about. */
export interface Place {
  /** Dotted path of the configuration field, or the option, that is refused. */
  readonly field?: string
  readonly rank?: number
  readonly op?: string
  /** Counted from 0. */
  readonly step?: number
}

/** A sentence, or a part of one, without the place it is about. */
export interface FaultSentence<Code extends SentenceCode = SentenceCode> {
  readonly code: Code
  readonly values: Readonly<Record<string, FaultValue>>
}

/** A value that is itself a sentence is worded in the same language. */
export type FaultValue = string | number | FaultSentence | readonly FaultSentence[]

export type SentenceCode = keyof typeof FAULTS
export type FaultCode = Exclude<SentenceCode, CodeOfKind<'phrase'>>
/** What a page can say: exactly what is translated. */
export type PageCode = Exclude<
  SentenceCode,
  { [C in SentenceCode]: Row<C>['commandLine'] extends true ? C : never }[SentenceCode]
>

type Row<Code extends SentenceCode> = (typeof FAULTS)[Code]
export type TextOf<Code extends SentenceCode> = Row<Code>['text']
export type CodeOfKind<Kind> = {
  [C in SentenceCode]: Row<C>['kind'] extends Kind ? C : never
}[SentenceCode]

/** The {names} in a text. Quotes after a brace are JSON. */
export type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `"${string}` ? never : Name) | NamesIn<Rest>
  : never

/** The values that a code's sentence has, by name; absent where it has none. */
export type FaultValues<Code extends SentenceCode> = [NamesIn<Row<Code>['text']>] extends [never]
  ? []
  : [values: { readonly [Name in NamesIn<Row<Code>['text']>]: FaultValue }]

export function sentence<const Code extends SentenceCode>(
  code: Code,
  ...[values]: FaultValues<Code>
): FaultSentence<Code> {
  return { code, values: values ?? {} }
}

/** Several values as one: "a or b or c". */
export function joined(how: 'both' | 'either' | 'also', values: readonly FaultValue[]): FaultValue {
  const [first = '', ...rest] = values
  return rest.reduce((all, second) => sentence(how, { first: all, second }), first)
}

/** How a language words faults. */
export interface FaultWording {
  /** The sentence of a code, with {names} in place of its values. */
  readonly text: (code: SentenceCode) => string
  readonly field: (path: string) => string
  readonly rank: (rank: number, op: string | undefined) => string
  readonly step: (step: number) => string
  /** Between several sentences. */
  readonly separator: string
}

const ENGLISH: FaultWording = {
  text: (code) => FAULTS[code].text,
  field: (path) => `${path}: `,
  rank: (rank, op) => `rank ${rank}${op === undefined ? '' : ` at ${op}`}: `,
  step: (step) => `step ${step + 1}: `,
  separator: '; ',
}

/** The sentence in some language, without the place that it is about. */
export function sentenceIn(wording: FaultWording, { code, values }: FaultSentence): string {
  const word = (value: FaultValue | undefined): string => {
    if (typeof value !== 'object') return String(value)
    return 'code' in value ? lineIn(wording, value) : value.map((each) => lineIn(wording, each)).join(wording.separator)
  }
  return wording.text(code).replaceAll(/\{(\w+)\}/g, (_, name: string) => word(values[name]))
}

/** One line in some language: the place, then the sentence. */
export function lineIn(wording: FaultWording, fault: FaultSentence & Place): string {
  const { field, rank, op, step } = fault
  return [
    rank === undefined ? '' : wording.rank(rank, op),
    field ? wording.field(field) : '',
    step === undefined ? '' : wording.step(step),
    sentenceIn(wording, fault),
  ].join('')
}

export const englishOf = (said: FaultSentence): string => sentenceIn(ENGLISH, said)

/** As the command line prints it. */
export const lineOf = (fault: FaultSentence & Place): string => lineIn(ENGLISH, fault)

/** A failure that says no more of itself is its rank's, if it has one. */
export function kindOf({ code, rank }: Fault): FaultKind {
  const { kind } = FAULTS[code]
  return kind === 'other' && rank !== undefined ? 'rank' : kind
}

/** The exit status of the command line. */
export function exitStatusOf(fault: Fault): number {
  const kind = kindOf(fault)
  return kind === 'refused' ? 2 : kind === 'outOfMemory' ? 3 : 1
}
