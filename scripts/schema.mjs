// Writes public/run.schema.json from the code that reads a configuration. A test fails when the two differ.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runnerImport } from 'vite'
import { ROOT } from './lib/install.mjs'

const { module } = await runnerImport(join(ROOT, 'src/config/schema.ts'), {
  root: ROOT,
  configFile: false,
  logLevel: 'error',
})
writeFileSync(join(ROOT, 'public', 'run.schema.json'), `${JSON.stringify(module.runSchema(), null, 2)}\n`)
