import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CACHE, ROOT, run } from './install.mjs'
import { inputsHash, isStale } from './stale.mjs'

/** Builds beside `directory` and hands the path over: nobody ever sees half a build. */
function buildBeside(directory, args) {
  const beside = `${directory}.${process.pid}`
  rmSync(beside, { recursive: true, force: true })
  mkdirSync(dirname(beside), { recursive: true })
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js')
  const status = run(process.execPath, [
    vite,
    'build',
    '--logLevel',
    'error',
    '--emptyOutDir',
    '--outDir',
    beside,
    ...args,
  ])
  if (status !== 0) {
    rmSync(beside, { recursive: true, force: true })
    throw new Error('the build failed')
  }
  return beside
}

/** Moves a build to its place; false when another command put one there first. */
function moveTo(directory, beside) {
  try {
    renameSync(beside, directory)
    return true
  } catch {
    rmSync(beside, { recursive: true, force: true })
    return false
  }
}

/** The page, in dist: rebuilt in place when its inputs changed. */
export function buildPage() {
  const directory = join(ROOT, 'dist')
  const hash = inputsHash()
  if (!isStale(directory, hash)) return directory
  const beside = buildBeside(directory, [])
  writeFileSync(join(beside, '.inputs'), hash)
  const old = `${beside}.old`
  if (existsSync(directory)) moveTo(old, directory)
  moveTo(directory, beside)
  rmSync(old, { recursive: true, force: true })
  return directory
}

const DAY_MS = 86_400_000

/**
 * The command line: path of its main module. Every state of the sources has a directory of its own, so that a command
 * started while another one runs or builds never pulls files away from under it; old ones go after a day.
 */
export function buildCli() {
  const name = `cli-${inputsHash().slice(0, 16)}`
  const directory = join(CACHE, name)
  if (!existsSync(directory)) {
    moveTo(directory, buildBeside(directory, ['--config', join(ROOT, 'vite.cli.config.ts')]))
    for (const other of readdirSync(CACHE)) {
      const path = join(CACHE, other)
      if (other.startsWith('cli-') && other !== name && Date.now() - statSync(path).mtimeMs > DAY_MS)
        rmSync(path, { recursive: true, force: true })
    }
  }
  return join(directory, 'main.js')
}
