/**
 * What the registry of fields is made of. A field is one row in a file of fields/: what it takes, its default, and where it
 * has an effect. Types, reading, the JSON Schema, links and refusals all come from these rows.
 */

/** A fragment of a JSON Schema (draft 2020-12). */
export type Fragment = Readonly<Record<string, unknown>>

/** An object from outside, its values unchecked. */
export type Plain = Readonly<Record<string, unknown>>

/** What a field takes from outside. */
export interface FieldType<Value> {
  /** @throws RefusedError on `path`, with the value and what is allowed */
  readonly read: (path: string, value: unknown) => Value
  readonly schema: Fragment
  /** null is taken, too, and means the default. */
  readonly nullable?: true
  /** For numbers: from `least` to `most`. */
  readonly range?: { readonly least: number; readonly most: number; readonly whole: boolean }
  /** For choices: all of them. */
  readonly options?: readonly (string | number)[]
}

/** What another field must be: one of some values, at least so much, more than so much, or anything but null. */
export type Condition = { readonly field: string } & (
  | { readonly is: readonly (string | number | boolean | null)[] }
  | { readonly least: number }
  | { readonly above: number }
  | { readonly given: true }
)

export interface Effect {
  /**
   * Lists of conditions: where all of any list hold, the field has an effect; elsewhere any value but its default is refused,
   * with what the first list lacks as what it needs. Always where absent. What describes the cluster (devices, links) is right whether
   * a strategy makes use of it or not.
   */
  readonly when?: readonly (readonly Condition[])[]
  /** The values that execution takes; all where absent. The others are for the simulator. */
  readonly executes?: readonly (string | number | null)[]
}

export interface Field<Value> extends Effect {
  readonly takes: FieldType<Value>
  /** What absence means; a field without a default must be given. */
  readonly default?: Value
  readonly computed?: Computed<Value>
}

/** A default that depends on other fields. */
export interface Computed<Value> {
  /** @param filled the configuration as far as it is read; @param given the object from outside that lacks this field */
  from(filled: object, given: Plain): Value
}

/** An object of fields. */
export interface Group<Rows> {
  readonly rows: Rows
  /** The last word on the values together, once they are read. */
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

/** The values that a node's rows make. */
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

/** A field that must be given. */
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
