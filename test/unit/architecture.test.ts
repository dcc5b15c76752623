import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOMS, barrels, cycle, importsOf, roomOf, violations } from '../lib/import-rule.ts'

const SRC = join(import.meta.dirname, '../../src')

function modulesOf(directory: string): Map<string, string> {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => /\.tsx?$/.test(path))
  return new Map(paths.map((path) => [path.replaceAll('\\', '/'), readFileSync(join(directory, path), 'utf8')]))
}

const modules = modulesOf(SRC)

test('rooms import only what lies further in, pure rooms name nothing of browser or machine', () => {
  expect(violations(modules)).toEqual([])
})

test('no cycles and no barrels', () => {
  expect(cycle(modules)).toBeNull()
  expect(barrels(modules)).toEqual([])
})

test('every pure room has modules, and every import of a file is understood', () => {
  const found = new Set([...modules.keys()].map(roomOf))
  for (const [name, { pure }] of Object.entries(ROOMS)) if (pure) expect(found).toContain(name)
  for (const [path, source] of modules) {
    const lines = source.split('\n').filter((line) => /^((import|export) .*|\}) from '[^']+'$|^import '/.test(line))
    expect(importsOf(source).length, path).toBeGreaterThanOrEqual(lines.length)
  }
})

test('a src without modules fails', () => {
  expect(() => violations(new Map())).toThrow('no modules')
})

test.each<[string, string, string | null]>([
  ['core/a.ts', "import { b } from '../config/b.ts'", 'core may not import config'],
  ['model/a.ts', "import type { B } from '../config/b.ts'", 'model may not import config'],
  ['strategy/a.ts', "export { b } from '../sim/b.ts'", 'strategy may not import sim'],
  ['strategy/a.ts', "import {\n  b,\n} from '../gpu/b.ts'", 'strategy may not import gpu'],
  ['sim/a.ts', "const b = await import('../cluster/b.ts')", 'sim may not import cluster'],
  ['gpu/a.ts', "import '../cluster/b.ts'", 'gpu may not import cluster'],
  ['cluster/a.ts', "import { b } from './hosts/b.ts'", 'cluster may not import cluster/hosts'],
  ['cluster/a.ts', "import { readFile } from 'node:fs'", 'not for cluster'],
  ['state/a.ts', "import { b } from '../ui/b.ts'", 'state may not import ui'],
  ['state/a.ts', "import { useState } from 'react'", 'not for state'],
  ['cli/a.ts', "import { b } from '../ui/b.ts'", 'cli may not import ui'],
  ['core/a.ts', "import { readFile } from 'node:fs'", 'not for core'],
  ['comm/a.ts', "import text from '../../shaders/a.wgsl?raw'", 'comm is pure'],
  ['config/a.ts', 'const url = document.title', 'names document'],
  ['config/a.ts', 'const cores = navigator.hardwareConcurrency', 'names navigator'],
  ['schedule/a.ts', 'new Worker(url)', 'names Worker'],
  ['sim/a.ts', 'const now = performance.now()', 'names performance'],
  ['sim/a.ts', 'const now = `at ${Date.now()}`', 'names Date'],
  ['model/a.ts', 'const x = Math.random()', 'names Math.random'],
  ['model/a.ts', 'let device: GPUDevice', 'names GPUDevice'],
  ['rooms.ts', 'export const a = 1', 'is no room'],
  ['lib/a.ts', 'export const a = 1', 'is no room'],
  ['core/a.ts', "import { b } from './b.ts'", null],
  ['config/a.ts', "import { b } from '../model/b.ts'", null],
  ['gpu/a.ts', "import text from '../../shaders/a.wgsl?raw'", null],
  ['cluster/hosts/a.ts', "import { create } from 'webgpu'\nimport { b } from '../b.ts'", null],
  ['ui/a.tsx', "import { createRoot } from 'react-dom/client'\nimport 'uplot/dist/uPlot.min.css'", null],
  ['core/a.ts', '// navigator and Worker\n/* from "react" */ const text = "a Worker"', null],
  ['core/a.ts', "// import { b } from '../ui/b.ts'", null],
  ['core/a.ts', "const text = ['came from ', ' the ui', ' import ', './b.ts']", null],
])('%s: %s', (path, source, fault) => {
  const found = violations(new Map([[path, source]]))
  if (fault === null) expect(found).toEqual([])
  else expect(found.join('\n')).toContain(fault)
})

test('a cycle and a barrel are found', () => {
  const chain = new Map([
    ['core/a.ts', "import { b } from './b.ts'"],
    ['core/b.ts', "import { c } from './parts/c.ts'"],
    ['core/parts/c.ts', "import type { A } from '../a.ts'"],
    ['core/index.ts', "/** All. */\nexport * from './a.ts'\nexport { b } from './b.ts'\n"],
  ])
  expect(cycle(chain)).toEqual(['core/a.ts', 'core/b.ts', 'core/parts/c.ts', 'core/a.ts'])
  expect(barrels(chain)).toEqual(['core/index.ts'])
})
