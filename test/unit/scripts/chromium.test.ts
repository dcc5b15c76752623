import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { firstThatStarts, installedChromium } from '../../../scripts/lib/chromium.mjs'

const directory = mkdtempSync(join(tmpdir(), 'tabcluster-chromium-'))
afterAll(() => rmSync(directory, { recursive: true }))

function script(name: string, lines: string): string {
  const path = join(directory, name)
  writeFileSync(path, `#!/bin/sh\n${lines}\n`)
  chmodSync(path, 0o755)
  return path
}
/** What Ubuntu installs under this name. */
const stub = script('chromium-browser', 'echo "Command requires the chromium snap to be installed." >&2; exit 1')
const browser = script('chrome', 'echo "Chromium 156.0.1"')
const missing = join(directory, 'nowhere')

test('a browser that is there and does not start is passed over', () => {
  const failed: string[] = []
  expect(firstThatStarts([undefined, missing, stub, browser], failed)).toBe(browser)
  expect(failed).toEqual([stub])
  expect(firstThatStarts([stub])).toBeUndefined()
})

test('the one that is named has to start, and is named where it does not', () => {
  vi.stubEnv('TABCLUSTER_CHROMIUM', browser)
  expect(installedChromium()).toBe(browser)
  vi.stubEnv('TABCLUSTER_CHROMIUM', stub)
  expect(() => installedChromium(browser)).toThrow(`TABCLUSTER_CHROMIUM: "${stub}" is no browser that starts`)
  vi.stubEnv('TABCLUSTER_CHROMIUM', missing)
  expect(() => installedChromium(browser)).toThrow(`TABCLUSTER_CHROMIUM: "${missing}" is not there`)
  vi.unstubAllEnvs()
})
