import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { buildCli } from '../../../scripts/lib/build.mjs'

const WRAPPER = join(import.meta.dirname, '../../../scripts/tabcluster.mjs')
let main = ''
beforeAll(() => {
  main = buildCli()
})

interface Ended {
  readonly status: number | null
  readonly lines: readonly string[]
}

/** Runs a command to its end; `onLine` hears the first thing it says on standard error. */
function run(
  args: readonly string[],
  stdout: number | 'ignore',
  onLine: (kill: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<Ended> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', stdout, 'pipe'] })
  let said = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    if (said === '') onLine((signal) => child.kill(signal))
    said += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, lines: said.split('\n').filter((line) => line !== '') }))
  })
}

describe('a full disk behind standard output', () => {
  test.each([
    ['a result', ['simulate', '--config', '{}']],
    ['help', ['simulate', '--help']],
  ])('%s: one line, status 1', async (_, args) => {
    const { status, lines } = await run([main, ...args], openSync('/dev/full', 'w'))
    expect(lines).toEqual(['standard output cannot be written (ENOSPC)'])
    expect(status).toBe(1)
  })
})

describe('a signal', () => {
  // Long enough to be interrupted: it speaks once it searches.
  const plan = [
    'plan',
    '--config',
    '{"model":{"preset":"gpt3-175b"},"parallel":{"data":1024},"batch":{"global":1024,"sequence":2048}}',
  ]
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends the command, and is its status: %i', async (signal, expected) => {
    const { status } = await run([WRAPPER, ...plan], 'ignore', (kill) => kill(signal))
    expect(status).toBe(expected)
  })
})
