import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = new URL('../..', import.meta.url).pathname
export const CACHE = join(ROOT, '.cache')

/** Runs a command with its output on standard error; standard output belongs to the caller's result. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], ...options })
  if (error) throw error
  return status ?? 1
}

/** Installs the packages of package-lock.json when they are missing or belong to another lock file. */
export function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex')
  const stamp = join(ROOT, 'node_modules', '.tabcluster-lock')
  const present = existsSync(join(ROOT, 'node_modules', 'vite'))
  if (present && existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  process.stderr.write('installing packages\n')
  // Not `npm ci`: it insists on entries for other platforms' optional binaries, which a lock file made elsewhere may lack.
  if (run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']) !== 0)
    throw new Error('npm install failed: the packages of package-lock.json could not be installed')
  mkdirSync(join(ROOT, 'node_modules'), { recursive: true })
  writeFileSync(stamp, lock)
}
