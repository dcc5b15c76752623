import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readConfig } from '../../../src/config/parse.ts'
import { isObject } from '../../../src/config/quoted.ts'
import { runSchema } from '../../../src/config/schema.ts'
import { RefusedError } from '../../../src/core/errors.ts'

type Schema = Readonly<Record<string, unknown>>

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function hasType(value: unknown, type: unknown): boolean {
  return type === 'integer' ? Number.isInteger(value) : type === typeOf(value)
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

/** The keywords the schema uses; an unknown one fails the test. */
const KEYWORDS: Readonly<Record<string, (value: unknown, rule: unknown, schema: Schema) => boolean>> = {
  type: (value, rule) => list(rule).some((type) => hasType(value, type)),
  enum: (value, rule) => list(rule).includes(value),
  anyOf: (value, rule) => list(rule).some((each) => isObject(each) && valid(value, each)),
  minimum: (value, rule) => typeof value !== 'number' || value >= Number(rule),
  maximum: (value, rule) => typeof value !== 'number' || value <= Number(rule),
  exclusiveMinimum: (value, rule) => typeof value !== 'number' || value > Number(rule),
  exclusiveMaximum: (value, rule) => typeof value !== 'number' || value < Number(rule),
  minLength: (value, rule) => typeof value !== 'string' || value.length >= Number(rule),
  minItems: (value, rule) => !Array.isArray(value) || value.length >= Number(rule),
  maxItems: (value, rule) => !Array.isArray(value) || value.length <= Number(rule),
  items: (value, rule) => !Array.isArray(value) || (isObject(rule) && value.every((each) => valid(each, rule))),
  required: (value, rule) => !isObject(value) || list(rule).every((key) => String(key) in value),
  properties: (value, rule) =>
    !isObject(value) ||
    Object.entries(value).every(([key, each]) => !isObject(rule) || !isObject(rule[key]) || valid(each, rule[key])),
  additionalProperties: (value, _, schema) =>
    !isObject(value) || Object.keys(value).every((key) => isObject(schema.properties) && key in schema.properties),
  default: () => true,
  title: () => true,
  $schema: () => true,
}

function valid(value: unknown, schema: Schema): boolean {
  return Object.entries(schema).every(([keyword, rule]) => {
    const check = KEYWORDS[keyword]
    if (!check) throw new Error(`the test knows no keyword "${keyword}"`)
    return check(value, rule, schema)
  })
}

function reads(input: unknown): boolean {
  try {
    readConfig(input)
    return true
  } catch (error) {
    if (error instanceof RefusedError) return false
    throw error
  }
}

function leaves(schema: Schema, path: readonly string[] = []): { path: readonly string[]; rule: Schema }[] {
  // An object that may be null is one value.
  if (!isObject(schema.properties) || Array.isArray(schema.type)) return [{ path, rule: schema }]
  return Object.entries(schema.properties).flatMap(([key, each]) =>
    isObject(each) ? leaves(each, [...path, key]) : [],
  )
}

const ANYTHING = [
  null,
  true,
  -1,
  0,
  0.5,
  1,
  1.5,
  2,
  2 ** 60,
  '',
  'x',
  'even',
  'block',
  [],
  [0],
  [1],
  [0.5, 1],
  ['x'],
  [['wte']],
  [[]],
  {},
]
const OBJECTS = [
  { minParameters: 3 },
  { minParameters: 0 },
  { other: 1 },
  [{ rank: 0, slowdown: 2 }],
  [{ rank: 0 }],
  ['fallback'],
  { hoursBetweenFailures: 8090, writeGBps: 10, restartSeconds: 0 },
  { hoursBetweenFailures: 8090, writeGBps: 0, restartSeconds: 0 },
  { hoursBetweenFailures: 8090, writeGBps: 10 },
]

function candidates(rule: Schema): unknown[] {
  const bounds = [rule.minimum, rule.maximum].flatMap((bound) =>
    typeof bound === 'number' ? [bound - 1, bound, bound + 1] : [],
  )
  return [...ANYTHING, ...OBJECTS, ...bounds, ...(Array.isArray(rule.enum) ? rule.enum : [])]
}

function place(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inside, key) => ({ [key]: inside }), value)
}

/** Read only with this kind. */
function around(path: readonly string[], value: unknown): unknown {
  if (path.at(-2) !== 'compression' || path.at(-1) === 'kind') return place(path, value)
  return place(path.slice(0, -1), { kind: 'topk', [path.at(-1)!]: value })
}

const published: Schema = JSON.parse(readFileSync('public/run.schema.json', 'utf8'))

test('the published schema is what `node scripts/schema.mjs` writes', () => {
  expect(published).toEqual(JSON.parse(JSON.stringify(runSchema())))
})

const fields = leaves(published)

test.each(fields.map(({ path, rule }) => [path.join('.'), path, rule] as const))(
  '%s: schema and reader agree',
  (_, path, rule) => {
    for (const value of candidates(rule)) {
      // A size given alone lacks the others, which is a rule between fields.
      const input =
        path[0] === 'model' && path[1] !== 'preset'
          ? { model: { preset: 'nano', [path[1]!]: value } }
          : around(path, value)
      expect(valid(input, published), `${JSON.stringify(input)} in the schema`).toBe(reads(input))
    }
  },
)

test('every field of a finished configuration is in the schema', () => {
  const config: unknown = readConfig({ parallel: { compression: { kind: 'topk' } } })
  const paths = (value: unknown, path: string): string[] =>
    isObject(value)
      ? Object.entries(value).flatMap(([key, each]) => paths(each, path === '' ? key : `${path}.${key}`))
      : [path]
  expect(fields.map(({ path }) => path.join('.')).toSorted()).toEqual(paths(config, '').toSorted())
})
