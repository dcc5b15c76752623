#!/usr/bin/env node
/**
 * Holds the simulator against published measurements: npm run validate -- --data DIR. DIR has the large tables as CSV; the
 * small ones are in test/published. Writes docs/validation.md and its plots; exit status 1 when a limit is missed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createServer } from 'vite'
import { ROOT } from './lib/install.mjs'

const { values } = parseArgs({ options: { data: { type: 'string' } } })
if (values.data === undefined) {
  process.stderr.write('--data: missing; the folder that has vtrain_ground_truth_single.csv and the other tables\n')
  process.exit(2)
}

const published = (name) => JSON.parse(readFileSync(join(ROOT, 'test', 'published', `${name}.json`), 'utf8'))

const server = await createServer({
  root: ROOT,
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, watch: null },
  optimizeDeps: { noDiscovery: true },
})
try {
  const { validate, LARGE_TABLES } = await server.ssrLoadModule('/src/sim/validate/validate.ts')
  const large = {}
  for (const name of LARGE_TABLES) large[name] = readFileSync(join(values.data, name), 'utf8')
  const tables = {
    megatron: published('megatron-table-1'),
    korthikanti: published('korthikanti-table-5'),
    zeroBubble: published('zero-bubble-table-4'),
    gpipe: published('gpipe-table-2'),
  }
  const { sections, markdown, plots, missed } = validate(tables, large)
  mkdirSync(join(ROOT, 'docs', 'validation'), { recursive: true })
  writeFileSync(join(ROOT, 'docs', 'validation.md'), markdown)
  for (const [name, svg] of Object.entries(plots)) writeFileSync(join(ROOT, 'docs', 'validation', name), svg)
  for (const { title, checks } of sections)
    for (const { name, value, limit } of checks)
      process.stdout.write(`${title}: ${name} ${value.toFixed(2)} (limit ${limit})\n`)
  for (const line of missed) process.stderr.write(`missed: ${line}\n`)
  process.exitCode = missed.length > 0 ? 1 : 0
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = error?.code === 'ENOENT' ? 2 : 1
} finally {
  await server.close()
}
