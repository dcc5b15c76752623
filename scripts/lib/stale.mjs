import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './install.mjs'

const INPUTS = ['src', 'shaders', 'public', 'index.html', 'vite.config.ts', 'vite.cli.config.ts', 'package-lock.json']

function* files(path) {
  if (!existsSync(path)) return
  let entries
  try {
    entries = readdirSync(path, { withFileTypes: true })
  } catch {
    yield path
    return
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (entry.isDirectory()) yield* files(join(path, entry.name))
    else yield join(path, entry.name)
}

/** A hash of everything that goes into a build. */
export function inputsHash() {
  const hash = createHash('sha256')
  for (const input of INPUTS)
    for (const file of files(join(ROOT, input))) {
      hash.update(file)
      hash.update(readFileSync(file))
    }
  return hash.digest('hex')
}

/** Whether `directory` was built from something else than `hash`. */
export function isStale(directory, hash) {
  const stamp = join(directory, '.inputs')
  return !existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash
}
