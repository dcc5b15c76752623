import { refused } from '../core/errors.ts'
import type { Field, Group, Node, Plain, Rows, FieldType, ValuesOf, Variants } from './field.ts'
import { isObject, quoted } from './quoted.ts'
import { choice } from './field-types.ts'

/** Reads an input object by its rows: absent fields get their defaults, unknown ones are refused by name. */
export function readRows<R extends Rows>(rows: R, input: unknown, path?: string): ValuesOf<R>
export function readRows(rows: Rows, input: unknown, path = ''): object {
  const values = {}
  fill(values, rows, input, path, values)
  return values
}

/** A list of objects with the same rows. */
export function listOf<R extends Rows>(rows: R): FieldType<readonly ValuesOf<R>[]> {
  return {
    read(path, value) {
      if (!Array.isArray(value)) throw refused(path, 'not-a-list', { value: quoted(value) })
      return value.map((each: unknown, i) => readRows(rows, each === undefined ? null : each, `${path}.${i}`))
    },
    schema: { type: 'array', items: objectSchema(rows) },
  }
}

/** An object of these rows, read as one value. */
export function recordOf<R extends Rows>(rows: R): FieldType<ValuesOf<R>> {
  return { read: (path, value) => readRows(rows, value, path), schema: objectSchema(rows) }
}

/** Reads the rows in order into `target`, which is `whole` or part of it: computed defaults read from `whole`. */
function fill(target: Record<string, unknown>, rows: Rows, input: unknown, path: string, whole: object): void {
  const given = objectAt(input, path)
  for (const [key, node] of Object.entries(rows))
    readNode(target, key, node, given, path === '' ? key : `${path}.${key}`, whole)
  refuseOthers(given, Object.keys(rows), path)
}

function readNode(
  target: Record<string, unknown>,
  key: string,
  node: Node,
  given: Plain,
  path: string,
  whole: object,
): void {
  const value = Object.hasOwn(given, key) ? given[key] : undefined
  if ('takes' in node) target[key] = readField(node, value, given, path, whole)
  else if ('rows' in node) {
    const inside: Record<string, unknown> = (target[key] = {})
    fill(inside, node.rows, value, path, whole)
    settle(target, key, node, inside)
  } else fill((target[key] = {}), variantRows(node, objectAt(value, path)['kind'], path), value, path, whole)
}

/** `kind` and the rows that go with it. */
function variantRows(node: Variants<Readonly<Record<string, Rows>>>, kind: unknown, path: string): Rows {
  const takes = choice(Object.keys(node.kinds))
  const chosen = kind === undefined ? node.default : takes.read(`${path}.kind`, kind)
  return { kind: { takes, default: node.default }, ...node.kinds[chosen] }
}

function settle(target: Record<string, unknown>, key: string, node: Group<Rows>, inside: object): void {
  if (node.settle) target[key] = node.settle.values(inside)
}

function readField(node: Field<unknown>, value: unknown, given: Plain, path: string, whole: object): unknown {
  const { takes, computed } = node
  if (value !== undefined && !(value === null && takes.nullable)) return takes.read(path, value)
  if (computed) return computed.from(whole, given)
  return 'default' in node ? node.default : takes.read(path, value)
}

function objectAt(value: unknown, path: string): Plain {
  if (value === undefined) return {}
  if (!isObject(value)) throw refused(path || 'configuration', 'not-an-object', { value: quoted(value) })
  return value
}

function refuseOthers(given: Plain, known: readonly string[], path: string): void {
  for (const key of Object.keys(given))
    if (!known.includes(key))
      throw refused(path === '' ? key : `${path}.${key}`, 'field-unknown', { known: known.toSorted().join(', ') })
}

/** The JSON Schema of an object with these rows. Rules between fields (a divisor, a sum) are not included. */
export function objectSchema(rows: Rows): Plain {
  const properties = Object.entries(rows).map(([key, node]) => [key, nodeSchema(node)] as const)
  const required = Object.entries(rows).flatMap(([key, node]) =>
    'takes' in node && !('default' in node) && !node.computed ? [key] : [],
  )
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  }
}

function nodeSchema(node: Node): Plain {
  if ('takes' in node) return { ...node.takes.schema, ...('default' in node ? { default: node.default } : {}) }
  if ('rows' in node) return objectSchema(node.rows)
  const kinds = Object.keys(node.kinds)
  const rows = kinds.map((kind) => variantRows(node, kind, ''))
  return objectSchema(rows.reduce((all, each) => ({ ...all, ...each })))
}
