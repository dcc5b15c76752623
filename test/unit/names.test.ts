import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const SRC = join(import.meta.dirname, '../../src')

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm

/** Exported names by the files that declare them; a re-export declares nothing. */
function declarations(modules: ReadonlyMap<string, string>): Map<string, string[]> {
  const files = new Map<string, string[]>()
  for (const [path, source] of modules)
    for (const name of new Set([...source.matchAll(DECLARATION)].map(([, name]) => name!)))
      files.set(name, [...(files.get(name) ?? []), path])
  return files
}

function repeated(modules: ReadonlyMap<string, string>): string[] {
  return [...declarations(modules)]
    .filter(([, files]) => files.length > 1)
    .map(([name, files]) => `${name}: ${files.join(', ')}`)
}

test('every exported name is declared in one file of src', () => {
  const paths = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => /\.tsx?$/.test(path))
  const modules = new Map(paths.map((path) => [path, readFileSync(join(SRC, path), 'utf8')]))
  expect(declarations(modules).size).toBeGreaterThan(500)
  expect(repeated(modules)).toEqual([])
})

test('a name declared twice is found, overloads and re-exports are not', () => {
  const modules = new Map([
    ['a.ts', 'export function plan(): void\nexport function plan(x = 0) {}\nexport type Plan = number'],
    ['b.ts', "export { plan } from './a.ts'\nexport const other = 1"],
    ['c.ts', 'export async function other() {}\nexport interface Plan {}'],
  ])
  expect(repeated(modules)).toEqual(['Plan: a.ts, c.ts', 'other: b.ts, c.ts'])
})
