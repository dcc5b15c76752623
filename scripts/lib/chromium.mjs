import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { run } from './install.mjs'

const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const ADVICE = 'install the package "chromium" (or Chrome), or name one in TABCLUSTER_CHROMIUM'

/**
 * Whether a browser starts: a file of its name may be a stub that says what to install (Ubuntu's chromium-browser), or lack
 * its libraries. On Windows the version is not printed but shown, so there a file has to do.
 */
function starts(path) {
  if (process.platform === 'win32') return true
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 })
  return status === 0 && /\d+\.\d+/.test(stdout)
}

/**
 * The first of these browsers that is there and starts; undefined where none is.
 * @param {readonly (string | undefined)[]} candidates
 * @param {string[]} [failed] takes the paths of those that are there and do not start
 */
export function firstThatStarts(candidates, failed = []) {
  for (const path of new Set(candidates)) {
    if (!path || !existsSync(path)) continue
    if (starts(path)) return path
    failed.push(path)
  }
  return undefined
}

/**
 * A Chromium that starts: an installed one, else the given one. One that is named in TABCLUSTER_CHROMIUM is the only one that
 * will do. Throws one line that names all that were tried.
 * @param {string} [other] Playwright's own, when known
 */
export function installedChromium(other) {
  const named = process.env.TABCLUSTER_CHROMIUM
  const candidates = named ? [named] : [...INSTALLED, other]
  const failed = []
  const found = firstThatStarts(candidates, failed)
  if (found) return found
  if (named)
    throw new Error(`TABCLUSTER_CHROMIUM: "${named}" is ${failed.length > 0 ? 'no browser that starts' : 'not there'}`)
  const tried = failed.length > 0 ? `none of ${failed.join(', ')} starts` : 'none is installed'
  throw new Error(`no Chromium: ${tried}; ${ADVICE}`)
}

async function playwrights() {
  const { chromium } = await import('playwright')
  return chromium.executablePath()
}

/**
 * Path of a Chromium that starts: an installed one, else Playwright's own download, else the system's package manager where
 * this user may use it. Throws one line saying what was tried and what to install.
 */
export async function findChromium() {
  const own = await playwrights()
  let refusal
  const found = () => {
    try {
      return installedChromium(own)
    } catch (error) {
      refusal = error
      return undefined
    }
  }
  const installed = found()
  if (installed) return installed
  if (process.env.TABCLUSTER_CHROMIUM) throw refusal
  process.stderr.write('no Chromium found: trying the download that comes with Playwright\n')
  if (run('npx', ['playwright', 'install', 'chromium'], { timeout: 300_000 }) === 0) {
    const downloaded = found()
    if (downloaded) return downloaded
  }
  if (process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    process.stderr.write('trying apt-get install chromium\n')
    run('apt-get', ['update', '-qq'])
    run('apt-get', ['install', '-y', '-qq', 'chromium'])
    const packaged = found()
    if (packaged) return packaged
  }
  throw refusal
}
