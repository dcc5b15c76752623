/**
 * The building blocks of the field registry. A field is one row in a file of fields/: its type, its default, and where
 * it has an effect. Types, reading, the JSON Schema, links and refusals all come from these rows.
 */

/** A fragment of a JSON Schema (draft 2020-12). */
export type Fragment = Readonly<Record<string, unknown>>

/** An object from outside, its values unchecked. */
export type Plain = Readonly<Record<string, unknown>>

/** The type of a field's value. */
export interface FieldType<Value> {
  /** @throws RefusedError on `path`, with the value and what is allowed */
  readonly read: (path: string, value: unknown) => Value
  readonly schema: Fragment
  /** null is accepted, too, and means the default. */
  readonly nullable?: true
  /** For numbers: inclusive limits. */
  readonly range?: { readonly least: number; readonly most: number; readonly whole: boolean }
  /** For choices: all of them. */
  readonly options?: readonly (string | number)[]
}

/** What another field must be: one of some values, at least or above a number, or not null. */
export type Condition = { readonly field: string } & (
  | { readonly is: readonly (string | number | boolean | null)[] }
  | { readonly least: number }
  | { readonly above: number }
  | { readonly given: true }
)

export interface Effect {
  /**
   * Lists of conditions: the field has an effect where all of any list hold; elsewhere any non-default value is
   * refused, naming what the first list lacks. Absent: always. Descriptions of the cluster (devices, links) are valid
   * whether a strategy uses them or not.
   */
  readonly when?: readonly (readonly Condition[])[]
  /** The values that execution supports; all where absent. The others are simulation-only. */
  readonly executes?: readonly (string | number | null)[]
}

export interface Field<Value> extends Effect {
  readonly takes: FieldType<Value>
  /** The value of an absent field; without a default it is required. */
  readonly default?: Value
  readonly computed?: Computed<Value>
}

/** A default that depends on other fields. */
export interface Computed<Value> {
  /** @param filled the configuration read so far; @param given the input object that lacks this field */
  from(filled: object, given: Plain): Value
}

/** An object of fields. */
export interface Group<Rows> {
  readonly rows: Rows
  /** Final adjustment of the values together, once they are read. */
  readonly settle?: Settle
}

interface Settle {
  values(read: object): object
}

/** An object whose `kind` decides which other fields it has. */
export interface Variants<Kinds> extends Effect {
  readonly kinds: Kinds
  readonly default: string
}

export type Rows = { readonly [key: string]: Node }
export type Node = Field<unknown> | Group<Rows> | Variants<{ readonly [kind: string]: Rows }>

/** The values that a node's rows produce. */
export type ValueOf<N> = N extends { readonly takes: FieldType<infer Value> }
  ? Value
  : N extends { readonly rows: infer R }
    ? ValuesOf<R>
    : N extends { readonly kinds: infer Kinds }
      ? { [Kind in keyof Kinds]: ValuesOf<{ kind: { takes: FieldType<Kind> } } & Kinds[Kind]> }[keyof Kinds]
      : never

export type ValuesOf<R> = { readonly [Key in keyof R]: ValueOf<R[Key]> }

export function field<Value>(takes: FieldType<Value>, otherwise: NoInfer<Value>, effect: Effect = {}): Field<Value> {
  return { takes, default: otherwise, ...effect }
}

/** A field whose default depends on others. */
export function computed<Value>(
  takes: FieldType<Value>,
  otherwise: Computed<NoInfer<Value>>,
  effect: Effect = {},
): Field<Value> {
  return { takes, computed: otherwise, ...effect }
}

/** A required field. */
export function required<Value>(takes: FieldType<Value>): Field<Value> {
  return { takes }
}

export function group<const R extends Rows>(rows: R, settle?: Settle): Group<R> {
  return { rows, ...(settle ? { settle } : {}) }
}

export function variants<const Kinds extends { readonly [kind: string]: Rows }>(
  kinds: Kinds,
  otherwise: keyof Kinds & string,
  effect: Effect = {},
): Variants<Kinds> {
  return { kinds, default: otherwise, ...effect }
}

export function is(field: string, ...values: readonly (string | number | boolean | null)[]): Condition {
  return { field, is: values }
}

export function atLeast(field: string, least: number): Condition {
  return { field, least }
}

export function above(field: string, bound: number): Condition {
  return { field, above: bound }
}

export function given(field: string): Condition {
  return { field, given: true }
}
