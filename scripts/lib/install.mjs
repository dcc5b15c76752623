import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = join(fileURLToPath(new URL('.', import.meta.url)), '..', '..')
export const CACHE = join(ROOT, '.cache')

/** Runs a command with its output on standard error; standard output belongs to the caller's result. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], ...options })
  if (error) throw error
  return status ?? 1
}

function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Runs `work` while no other command of this checkout does; waits for one that is at it, not for one that died. */
function exclusively(work) {
  const lock = join(CACHE, 'installing')
  mkdirSync(CACHE, { recursive: true })
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0
    if (holder > 0 && !alive(holder)) rmSync(lock, { force: true })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
  try {
    return work()
  } finally {
    rmSync(lock, { force: true })
  }
}

/** Installs the packages of package-lock.json when they are missing or belong to another lock file. */
export function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex')
  const stamp = join(ROOT, 'node_modules', '.tabcluster-lock')
  const installed = () =>
    existsSync(join(ROOT, 'node_modules', 'vite')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === lock
  if (installed()) return
  exclusively(() => {
    if (installed()) return
    process.stderr.write('installing packages\n')
    // Not `npm ci`: it insists on entries for other platforms' optional binaries, which a lock file made elsewhere may lack.
    if (run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']) !== 0)
      throw new Error('npm install failed: the packages of package-lock.json could not be installed')
    mkdirSync(join(ROOT, 'node_modules'), { recursive: true })
    writeFileSync(stamp, lock)
  })
}
