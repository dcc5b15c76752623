import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT, run } from './install.mjs'
import { inputsHash, isStale } from './stale.mjs'

/**
 * Builds into `directory` when it is missing or stale. The build is made beside its place and moved there, so that two
 * commands started at once do not trip over each other.
 */
function build(directory, args) {
  const hash = inputsHash()
  if (!isStale(directory, hash)) return
  const beside = `${directory}.${process.pid}`
  rmSync(beside, { recursive: true, force: true })
  mkdirSync(dirname(beside), { recursive: true })
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js')
  if (run(process.execPath, [vite, 'build', '--logLevel', 'error', '--outDir', beside, ...args]) !== 0)
    throw new Error('the build failed')
  writeFileSync(join(beside, '.inputs'), hash)
  const old = `${beside}.old`
  try {
    renameSync(directory, old)
  } catch {
    // nothing was there
  }
  try {
    renameSync(beside, directory)
  } catch {
    // Another command was faster with the same build.
    rmSync(beside, { recursive: true, force: true })
  }
  rmSync(old, { recursive: true, force: true })
}

/** The page, in dist. */
export function buildPage() {
  const directory = join(ROOT, 'dist')
  build(directory, ['--emptyOutDir'])
  return directory
}

/** The command line: path of its main module. */
export function buildCli() {
  const directory = join(ROOT, '.cache', 'cli')
  build(directory, ['--config', join(ROOT, 'vite.cli.config.ts')])
  return join(directory, 'main.js')
}
