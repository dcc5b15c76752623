import { refused } from '../core/errors.ts'
import type { FieldType } from './field.ts'
import { quoted } from './quoted.ts'

/**
 * Types of field values: numbers, choices, texts, lists. Each reads a value, has a schema, and says what is allowed in
 * a refusal.
 */

export function integer(least: number, most: number): FieldType<number> {
  return {
    read(path, value) {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
        throw refused(path, 'not-a-whole-number', { value: quoted(value), least, most })
      return value
    },
    schema: { type: 'integer', minimum: least, maximum: most },
    range: { least, most, whole: true },
  }
}

export function between(least: number, most: number): FieldType<number> {
  return {
    read(path, value) {
      if (typeof value !== 'number' || !Number.isFinite(value) || value < least || value > most)
        throw refused(path, 'not-a-number', { value: quoted(value), least, most })
      return value
    },
    schema: { type: 'number', minimum: least, maximum: most },
    range: { least, most, whole: false },
  }
}

export const flag: FieldType<boolean> = {
  read(path, value) {
    if (typeof value !== 'boolean') throw refused(path, 'not-a-boolean', { value: quoted(value) })
    return value
  },
  schema: { type: 'boolean' },
}

export function choice<const Option extends string | number>(options: readonly Option[]): FieldType<Option> {
  return {
    read(path, value) {
      const found = options.find((each) => each === value)
      if (found === undefined) throw refused(path, 'not-one-of', { value: quoted(value), options: options.join(', ') })
      return found
    },
    schema: { enum: options },
    options,
  }
}

export const nonEmptyText: FieldType<string> = {
  read(path, value) {
    if (typeof value !== 'string' || value === '') throw refused(path, 'not-a-text', { value: quoted(value) })
    return value
  },
  schema: { type: 'string', minLength: 1 },
}

/** The same, or null, which is the default and is resolved by whoever uses it. */
export function nullable<Value>(takes: FieldType<Value>): FieldType<Value | null> {
  const { type, enum: options } = takes.schema
  const schema = Array.isArray(options)
    ? { ...takes.schema, enum: [...options, null] }
    : { ...takes.schema, type: [type, 'null'] }
  return { ...takes, schema, nullable: true }
}

/** The same; null means absent. */
export function nullForDefault<Value>(takes: FieldType<Value>): FieldType<Value> {
  return { ...takes, schema: nullable(takes).schema, nullable: true }
}
