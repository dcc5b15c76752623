import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findChromium } from './lib/chromium.mjs'
import { CACHE, ROOT, installPackages, run } from './lib/install.mjs'
import { serve } from './lib/serve.mjs'

const USAGE = `npm run bench -- [--json] [--rounds N] [--only products|training] [--variants a,b,…] [--software]

Matrix products and a training step of TabCluster beside jax-js and tfjs-webgpu, in one browser, taking turns; medians.
  --json       rows as JSON on standard output
  --rounds N   timings each value is the median of (7)
  --only       leave the other half out
  --variants   compare these of our variants with each other at every product, without the others
  --software   on SwiftShader even where there is a GPU`

/** Two ways to start the browser: with the machine's GPU, or with the software adapter that comes with Chromium. */
const COMMON = [
  '--headless=new',
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
]
const HARDWARE = [
  ...COMMON,
  ...(process.platform === 'linux' ? ['--enable-features=Vulkan', '--ignore-gpu-blocklist'] : []),
]
const SOFTWARE = [...COMMON, '--use-webgpu-adapter=swiftshader']

/** A browser that died or hangs is given up after this long. */
const MAX_MS = 15 * 60_000
const TRAINING_SHAPE = '4 layers, 128 channels, T 64, B 8, V 256'

const say = (line) => process.stderr.write(`${line}\n`)

function options() {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '7' },
      only: { type: 'string' },
      variants: { type: 'string' },
      software: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (!/^[1-9]\d*$/.test(values.rounds)) throw new Error(`--rounds: "${values.rounds}" must be a whole number from 1`)
  if (values.only !== undefined && !['products', 'training'].includes(values.only))
    throw new Error(`--only: "${values.only}" must be products or training`)
  return { ...values, rounds: Number(values.rounds) }
}

/** The libraries to compare with, in bench/node_modules. */
function installPeers() {
  const directory = join(ROOT, 'bench')
  const lock = createHash('sha256')
    .update(readFileSync(join(directory, 'package-lock.json')))
    .digest('hex')
  const stamp = join(directory, 'node_modules', '.tabcluster-lock')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  say('installing the libraries to compare with')
  if (run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: directory }) !== 0)
    throw new Error('npm install failed: the packages of bench/package-lock.json could not be installed')
  mkdirSync(join(directory, 'node_modules'), { recursive: true })
  writeFileSync(stamp, lock)
}

function buildPage() {
  const directory = join(CACHE, 'bench-page')
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js')
  const config = join(ROOT, 'bench', 'vite.config.js')
  if (run(process.execPath, [vite, 'build', '--config', config, '--outDir', directory, '--logLevel', 'error']) !== 0)
    throw new Error('the build of bench/page failed')
  return directory
}

/** Runs `work` with the page in a browser of its own, which is closed afterwards. */
async function inBrowser(address, args, work) {
  const { chromium } = await import('playwright')
  const executablePath = await findChromium()
  const browser = await chromium.launch({ executablePath, args, ignoreDefaultArgs: ['--headless', '--disable-gpu'] })
  let timer
  try {
    const page = await browser.newPage()
    await page.goto(address)
    await page.waitForFunction(() => 'bench' in globalThis)
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('gave up: no answer from the browser')), MAX_MS)
    })
    return await Promise.race([work(page), late])
  } finally {
    clearTimeout(timer)
    await browser.close()
  }
}

const adapterOf = (page) => page.evaluate(() => globalThis.bench.adapter())

/** How to start the browser so that it has an adapter. */
async function chooseArguments(address, software) {
  if (!software) {
    const adapter = await inBrowser(address, HARDWARE, adapterOf).catch(() => null)
    if (adapter) return { args: HARDWARE, adapter }
  }
  return { args: SOFTWARE, adapter: await inBrowser(address, SOFTWARE, adapterOf) }
}

function row({ case: name, shape, values: { ours, ...peers } }, unit) {
  const best = Math.max(...Object.values(peers))
  return { case: name, shape, unit, ours, peers, ratio: Number.isFinite(best) ? ours / best : null }
}

const firstLine = (error) => String(error instanceof Error ? error.message : error).split('\n')[0]

async function products(address, args, { rounds, variants }) {
  return inBrowser(address, args, async (page) => {
    const rows = []
    const count = await page.evaluate(() => globalThis.bench.products)
    for (let index = 0; index < count; index++) {
      const result = variants
        ? await page.evaluate((given) => globalThis.bench.variants(...given), [index, rounds, variants.split(',')])
        : await page.evaluate((given) => globalThis.bench.product(...given), [index, rounds])
      for (const [name, reason] of Object.entries(result.failed)) say(`${name} failed at ${result.shape}: ${reason}`)
      rows.push(
        variants
          ? { case: result.case, shape: result.shape, unit: 'GFLOP/s', values: result.values }
          : row(result, 'GFLOP/s'),
      )
      say(`  ${result.case}, ${result.shape}`)
    }
    return rows
  })
}

const train = (address, args, names, rounds) =>
  inBrowser(address, args, (page) => page.evaluate((given) => globalThis.bench.training(...given), [names, rounds]))

/** jax-js gets a browser of its own: where its pipelines bring the GPU process down, the others are not taken with it. */
async function training(address, args, { rounds }) {
  const result = await train(address, args, ['ours', 'tfjs-webgpu'], rounds)
  say(`  losses ${JSON.stringify(result.losses)}`)
  try {
    const { values, losses } = await train(address, args, ['jax-js'], rounds)
    say(`  losses ${JSON.stringify(losses)}`)
    Object.assign(result.values, values)
  } catch (error) {
    say(`jax-js failed at the training step: ${firstLine(error)}`)
  }
  return [row({ case: 'training step', shape: TRAINING_SHAPE, values: result.values }, 'tokens/s')]
}

function table(adapter, rows) {
  const cell = (value) => (value === undefined ? '–' : value.toPrecision(3)).padStart(12)
  const names = [...new Set(rows.flatMap((each) => Object.keys(each.values ?? each.peers)))]
  const own = rows.some((each) => !each.values)
  const head = [
    ''.padEnd(26),
    ''.padEnd(42),
    ...(own ? ['ours'.padStart(12)] : []),
    ...names.map((name) => name.padStart(12)),
    ...(own ? ['ratio'.padStart(8)] : []),
  ]
  const lines = rows.map((each) =>
    [
      each.case.padEnd(26),
      each.shape.padEnd(42),
      ...(own ? [cell(each.ours)] : []),
      ...names.map((name) => cell((each.values ?? each.peers)[name])),
      ...(own ? [(each.ratio === null ? '–' : each.ratio.toFixed(2)).padStart(8)] : []),
      ` ${each.unit}`,
    ].join(''),
  )
  return [`${adapter.description || adapter.vendor} (${adapter.kernels})`, head.join(''), ...lines].join('\n')
}

async function main() {
  const given = options()
  if (given.help) return process.stdout.write(`${USAGE}\n`)
  installPackages()
  installPeers()
  const closed = new AbortController()
  const address = await serve(buildPage(), 5300, false, closed.signal)
  try {
    const { args, adapter } = await chooseArguments(address, given.software)
    say(`measuring on ${adapter.description || adapter.vendor}`)
    const rows = [
      ...(given.only === 'training' ? [] : await products(address, args, given)),
      ...(given.only === 'products' || given.variants ? [] : await training(address, args, given)),
    ]
    process.stdout.write(`${given.json ? JSON.stringify({ adapter, rows }, null, 2) : table(adapter, rows)}\n`)
  } finally {
    closed.abort()
  }
}

try {
  await main()
} catch (error) {
  say(firstLine(error))
  process.exitCode = 1
}
