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

/** A Chromium that is there: the named one, an installed one, else the given one. */
export function installedChromium(other) {
  return [process.env.TABCLUSTER_CHROMIUM, ...INSTALLED, other].find((path) => path && existsSync(path))
}

async function playwrights() {
  const { chromium } = await import('playwright')
  return installedChromium(chromium.executablePath())
}

/**
 * Path of a Chromium: an installed one, else Playwright's own download, else the system's package manager where this
 * user may use it. Throws one line saying what to install.
 */
export async function findChromium() {
  const found = installedChromium() ?? (await playwrights())
  if (found) return found
  process.stderr.write('no Chromium found: trying the download that comes with Playwright\n')
  if (run('npx', ['playwright', 'install', 'chromium'], { timeout: 300_000 }) === 0) {
    const downloaded = await playwrights()
    if (downloaded) return downloaded
  }
  if (process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    process.stderr.write('trying apt-get install chromium\n')
    run('apt-get', ['update', '-qq'])
    run('apt-get', ['install', '-y', '-qq', 'chromium'])
    const packaged = installedChromium()
    if (packaged) return packaged
  }
  throw new Error('no Chromium: install the package "chromium" (or Chrome), or name one in TABCLUSTER_CHROMIUM')
}
