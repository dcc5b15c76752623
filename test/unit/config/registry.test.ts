import { expect, test } from 'vitest'
import { DEFAULTS, parseConfig, readConfig } from '../../../src/config/parse.ts'
import { FIELDS, hasEffect, valueAt } from '../../../src/config/registry.ts'
import type { RegisteredField } from '../../../src/config/registry.ts'

const fields = [...FIELDS.values()]

function place(path: string, value: unknown): unknown {
  return path.split('.').reduceRight<unknown>((inside, key) => ({ [key]: inside }), value)
}

test('every default is a value the field takes', () => {
  for (const { path, takes, ...rest } of fields) {
    if (!('default' in rest)) continue
    if (rest.default === null) expect(takes.nullable, path).toBe(true)
    else expect(takes.read(path, rest.default), path).toEqual(rest.default)
  }
})

test('every condition is about a field, and about values it takes', () => {
  for (const { path, when = [] } of fields)
    for (const condition of when.flat()) {
      const other = FIELDS.get(condition.field)
      expect(other, `${path} when ${condition.field}`).toBeDefined()
      const values = 'is' in condition ? condition.is : ['least' in condition ? condition.least : condition.above]
      for (const value of values)
        if (value !== null) expect(other!.takes.read(condition.field, value)).toBe(value)
        else expect(other!.takes.nullable).toBe(true)
    }
})

/** Values beside the default, where they can be told from what the field takes. */
function others({ path, takes, ...rest }: RegisteredField): readonly unknown[] {
  const all = takes.range
    ? [takes.range.least, takes.range.most]
    : takes.schema['type'] === 'boolean'
      ? [true, false]
      : (takes.options ?? [])
  return all.filter((value) => value !== rest.default && value !== valueAt(DEFAULTS, path))
}

test.each(fields.filter(({ when }) => when !== undefined).map((each) => [each.path, each] as const))(
  '%s without effect is refused by its name, its default is not',
  (path, field) => {
    if (hasEffect(field, DEFAULTS) || valueAt(DEFAULTS, path) === undefined) return
    for (const value of others(field)) expect(() => parseConfig(place(path, value)), String(value)).toThrow(`${path}: `)
    expect(parseConfig(place(path, field.default))).toEqual(DEFAULTS)
  },
)

test.each(fields.filter(({ executes }) => executes !== undefined).map((each) => [each.path, each] as const))(
  '%s: what only simulates is refused where it would run',
  (path, { takes, executes }) => {
    for (const value of takes.options ?? []) {
      const refused = !executes!.includes(value)
      if (refused) expect(() => parseConfig(place(path, value))).toThrow(`${path}: "${value}" is for simulate`)
      expect(() => parseConfig(place(path, value), 'simulate')).not.toThrow()
    }
  },
)

test('a finished configuration is accepted again, whatever it is made of', () => {
  for (const { path, takes } of fields)
    for (const value of takes.options ?? []) {
      const config = readConfig(path.startsWith('model.') ? { model: { [path.slice(6)]: value } } : place(path, value))
      expect(readConfig(JSON.parse(JSON.stringify(config)))).toEqual(config)
    }
})
