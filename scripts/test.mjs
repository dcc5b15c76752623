import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { findChromium } from './lib/chromium.mjs'
import { graphicsEnvironment } from './lib/graphics.mjs'
import { CACHE, ROOT, installPackages } from './lib/install.mjs'
import { slowest, testsOfPlaywright, testsOfVitest } from './lib/slowest.mjs'

/**
 * Types, lint and tests. Every suite runs even when one before it failed; each one's counts come from its own report, and a
 * suite without a report counts as a failure. At the end stand the slowest tests, and the last line sums all up.
 */
const check = process.argv.includes('--check')
const full = process.argv.includes('--full')
const reports = join(CACHE, 'reports')

const bin = (name) => join(ROOT, 'node_modules', '.bin', name)

/** Longest a suite may take; a hanging one is ended with everything it started and counts as failed. */
const MAX_MINUTES = full ? 120 : 30

function execute(command, args, env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'], detached: true })
    const end = (signal) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal)
      } catch {
        // it ended by itself
      }
    }
    const timer = setTimeout(() => {
      process.stdout.write(`ended after ${MAX_MINUTES} minutes\n`)
      end('SIGKILL')
    }, MAX_MINUTES * 60_000)
    const interrupted = () => {
      end('SIGTERM')
      process.exit(130)
    }
    process.once('SIGINT', interrupted)
    process.once('SIGTERM', interrupted)
    const finish = (status) => {
      clearTimeout(timer)
      process.off('SIGINT', interrupted)
      process.off('SIGTERM', interrupted)
      resolve(status)
    }
    child.on('error', () => finish(1))
    child.on('close', (status) => finish(status ?? 1))
  })
}

/** A step that passes or fails as one. */
async function single(command, args, env) {
  return (await execute(command, args, env)) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

function read(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return null
  }
}

async function vitest(project, env) {
  const report = join(reports, `${project}.json`)
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const status = await execute(bin('vitest'), args, env)
  const result = read(report)
  if (!result) return { passed: 0, failed: 1 }
  // A file that does not load has no tests to fail.
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length
  const failed = result.numFailedTests + broken
  const counted = status !== 0 && failed === 0 ? 1 : failed
  return { passed: result.numPassedTests, failed: counted, tests: testsOfVitest(result) }
}

/** A port that nobody listens on: the tests serve the page they built, whatever else is served on this machine. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function browser(env) {
  const report = join(reports, 'browser.json')
  const port = env.TABCLUSTER_E2E_PORT ?? String(await freePort())
  const status = await execute(bin('playwright'), ['test'], {
    ...env,
    TABCLUSTER_E2E_PORT: port,
    PLAYWRIGHT_JSON_OUTPUT_NAME: report,
  })
  const result = read(report)
  if (!result) return { passed: 0, failed: 1 }
  const failed = result.stats.unexpected + result.stats.flaky
  const counted = status !== 0 && failed === 0 ? 1 : failed
  return { passed: result.stats.expected, failed: counted, tests: testsOfPlaywright(result) }
}

async function main() {
  installPackages()
  rmSync(reports, { recursive: true, force: true })
  mkdirSync(reports, { recursive: true })
  const chromium = check ? process.env.TABCLUSTER_CHROMIUM : await findChromium()
  const env = {
    ...process.env,
    ...graphicsEnvironment(chromium),
    ...(chromium ? { TABCLUSTER_CHROMIUM: chromium } : {}),
    ...(full ? { TABCLUSTER_FULL: '1' } : {}),
    // The short check builds some of the random configurations; the whole test builds them all.
    ...(check ? { TABCLUSTER_PROGRAMS: process.env.TABCLUSTER_PROGRAMS ?? '200' } : {}),
  }
  // Each has a core for itself, and prints at its end.
  const quick = [
    ['types', () => single(bin('tsc'), ['--noEmit', '-p', 'tsconfig.json'], env)],
    ['lint', () => single(bin('oxlint'), [], env)],
    ['format', () => single(bin('prettier'), ['--check', '--log-level=warn', '.'], env)],
    ['unused', () => single(bin('knip'), [], env)],
    // What the product itself never imports.
    ['only tested', () => single(bin('knip'), ['--production', '--include', 'files'], env)],
  ]
  const suites = [
    ['unit', () => vitest('unit', env)],
    ...(check
      ? []
      : [
          ['gpu', () => vitest('gpu', env)],
          ['cluster', () => vitest('cluster', env)],
          ['browser', () => browser(env)],
        ]),
  ]
  const timed = async ([name, suite]) => {
    const start = Date.now()
    return { name, ...(await suite()), seconds: (Date.now() - start) / 1000 }
  }
  process.stdout.write(`\n── ${quick.map(([name]) => name).join(', ')}\n`)
  const rows = await Promise.all(quick.map(timed))
  for (const suite of suites) {
    process.stdout.write(`\n── ${suite[0]}\n`)
    rows.push(await timed(suite))
  }
  process.stdout.write('\n')
  for (const { name, passed, failed, seconds } of rows)
    process.stdout.write(`${name.padEnd(12)} ${passed} ok, ${failed} not ok in ${seconds.toFixed(0)} s\n`)
  const lines = slowest(rows.flatMap(({ tests = [] }) => tests))
  process.stdout.write(`\nthe slowest tests\n${lines.join('\n')}\n\n`)
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0)
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`)
  return sum('failed') === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.stdout.write('0 passed, 1 failed\n')
  process.exitCode = 1
}
