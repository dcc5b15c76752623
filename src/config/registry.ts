import type { Condition, Effect, Field, Node, Rows, FieldType } from './field.ts'
import { is } from './field.ts'
import { RUN } from './fields/run.ts'
import { isObject } from './quoted.ts'
import { choice } from './field-types.ts'

/** A field by its path, as controls, refusals and explanations need it. */
export interface RegisteredField extends Effect {
  readonly path: string
  readonly takes: FieldType<unknown>
  /** The object whose kind it decides, if any. */
  readonly object?: string
  /** Absent where the default depends on other fields. */
  readonly default?: unknown
}

/** Every field of a configuration by its dotted path, in order. */
export const FIELDS: ReadonlyMap<string, RegisteredField> = new Map(
  fieldsOf(RUN.rows, '').map((each) => [each.path, each] as const),
)

function fieldsOf(rows: Rows, above: string): RegisteredField[] {
  return Object.entries(rows).flatMap(([key, node]) => fieldsOfNode(node, above === '' ? key : `${above}.${key}`))
}

function fieldsOfNode(node: Node, path: string): RegisteredField[] {
  if ('takes' in node) return [registered(node, path)]
  if ('rows' in node) return fieldsOf(node.rows, path)
  const { kinds, default: otherwise, ...effect } = node
  return [
    { path: `${path}.kind`, object: path, takes: choice(Object.keys(kinds)), default: otherwise, ...effect },
    ...Object.entries(kinds).flatMap(([kind, rows]) =>
      fieldsOf(rows, path).map((each) => ({ ...each, when: [[is(`${path}.kind`, kind)]] })),
    ),
  ]
}

function registered({ takes, computed: _, ...rest }: Field<unknown>, path: string): RegisteredField {
  return { path, takes, ...rest }
}

/** The value at a dotted path; undefined where a kind has no such field. */
export function valueAt(config: object, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), config)
}

/** Whether a field has an effect in a configuration. */
export function hasEffect({ when }: Effect, config: object): boolean {
  return when === undefined || when.some((all) => all.every((condition) => holds(condition, config)))
}

export function holds(condition: Condition, config: object): boolean {
  const value = valueAt(config, condition.field)
  if ('given' in condition) return value !== null && value !== undefined
  if ('is' in condition) return condition.is.some((each) => each === value)
  if (typeof value !== 'number') return false
  return 'least' in condition ? value >= condition.least : value > condition.above
}
