import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test as base, chromium, expect } from '@playwright/test'
import { buildPage } from '../scripts/lib/build.mjs'
import { installedChromium } from '../scripts/lib/chromium.mjs'
import { ROOT } from '../scripts/lib/install.mjs'
import { serve } from '../scripts/lib/serve.mjs'

/** Headless Chromium with WebGPU that does not reach for the network by itself. */
const FLAGS = [
  '--headless=new',
  '--enable-unsafe-webgpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]
const SOFTWARE = ['--use-webgpu-adapter=swiftshader']
const HARDWARE = ['--ignore-gpu-blocklist', ...(process.platform === 'linux' ? ['--enable-features=Vulkan'] : [])]

const KINDS = ['any', 'hardware', 'software']

/** The built page: built where there are sources to build it from, else as it came with the package. */
function pageDirectory() {
  if (existsSync(join(ROOT, 'package-lock.json')) && existsSync(join(ROOT, 'node_modules', 'vite'))) return buildPage()
  const directory = join(ROOT, 'dist')
  if (existsSync(join(directory, 'index.html'))) return directory
  throw new Error('tabcluster: the built page is missing; run "npm run build" in the package')
}

function browserPath(given) {
  if (given !== undefined && !existsSync(given)) throw new Error(`tabcluster: no browser at "${given}"`)
  if (given !== undefined && !existsSync(given)) throw new Error(`tabcluster: no browser at "${given}"`)
  if (given !== undefined) return given
  try {
    return installedChromium(chromium.executablePath())
  } catch (error) {
    throw new Error(`tabcluster: ${error.message}, or run "npx playwright install chromium"`, { cause: error })
  }
}

/** One page of its own for one call, closed whatever happens. A failure inside comes out as its one line. */
async function withPage(context, address, work) {
  const page = await context.newPage()
  try {
    await page.goto(address)
    await page.waitForFunction(() => window.tabcluster !== undefined)
    const outcome = await work(page)
    if ('error' in outcome) throw new Error(outcome.error)
    return outcome.value
  } finally {
    await page.close()
  }
}

/** Calls a function of window.tabcluster that takes at most one argument. */
function call(context, address, name, ...given) {
  return withPage(context, address, (page) =>
    page.evaluate(
      ([name, given]) =>
        window.tabcluster[name](...given).then(
          (value) => ({ value }),
          (error) => ({ error: error instanceof Error ? error.message : String(error) }),
        ),
      [name, given],
    ),
  )
}

function run(context, address, config, { onStep, signal, text } = {}) {
  signal?.throwIfAborted()
  return withPage(context, address, async (page) => {
    if (onStep) await page.exposeFunction('tabclusterOnStep', onStep)
    const stop = () => void page.evaluate(() => window.tabclusterStop?.abort()).catch(() => undefined)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await page.evaluate(
        ([config, text, aborted]) => {
          window.tabclusterStop = new AbortController()
          if (aborted) window.tabclusterStop.abort()
          const onEvent = (event) => event.kind === 'step' && window.tabclusterOnStep?.(event.result)
          const options = { onEvent, signal: window.tabclusterStop.signal, ...(text === null ? {} : { text }) }
          return window.tabcluster.run(config, options).then(
            (value) => ({ value }),
            (error) => ({ error: error instanceof Error ? error.message : String(error) }),
          )
        },
        [config, text ?? null, signal?.aborted ?? false],
      )
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  })
}

function compare(context, address, configs, { onStep, ...options } = {}) {
  return withPage(context, address, async (page) => {
    if (onStep) await page.exposeFunction('tabclusterOnStep', onStep)
    return page.evaluate(
      ([configs, options]) => {
        const onEvent = ({ kind, index, event }) =>
          kind === 'run' && event.kind === 'step' && window.tabclusterOnStep?.(event.result, index)
        return window.tabcluster.compare(configs, { ...options, onEvent }).then(
          (value) => ({ value }),
          (error) => ({ error: error instanceof Error ? error.message : String(error) }),
        )
      },
      [configs, options],
    )
  })
}

/** A browser with these flags, and the adapters it has; closed again when it has none of the wanted kind. */
async function open(executablePath, flags, address, wanted) {
  const sandbox = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const browser = await chromium.launch({
    executablePath,
    args: [...FLAGS, ...flags, ...sandbox],
    ignoreDefaultArgs: ['--headless', '--disable-gpu'],
  })
  try {
    const context = await browser.newContext()
    const adapters = await call(context, address, 'adapters')
    const adapter = adapters.find(({ software }) => wanted === 'any' || software === (wanted === 'software'))
    if (adapter) return { browser, context, adapter }
  } catch (error) {
    await browser.close()
    throw error
  }
  await browser.close()
  return null
}

/** A hardware adapter where one is wanted and there, else the software one where that will do. */
async function openWanted(executablePath, address, wanted) {
  const hardware = wanted === 'software' ? null : await open(executablePath, HARDWARE, address, 'hardware')
  return hardware ?? (wanted === 'hardware' ? null : open(executablePath, SOFTWARE, address, 'software'))
}

/** Serves the page on a free loopback port and opens it in a headless browser whose adapter was checked. */
export async function launchTabcluster({ adapter: wanted = 'any', executablePath } = {}) {
  if (!KINDS.includes(wanted)) throw new Error(`tabcluster: adapter: "${wanted}" is none of ${KINDS.join(', ')}`)
  const path = browserPath(executablePath)
  const server = new AbortController()
  try {
    const address = await serve(pageDirectory(), 0, true, server.signal)
    const opened = await openWanted(path, address, wanted)
    if (!opened)
      throw new Error(`tabcluster: this browser has no ${wanted === 'any' ? '' : `${wanted} `}WebGPU adapter`)
    const { browser, context, adapter } = opened
    return {
      adapter,
      address,
      adapters: () => call(context, address, 'adapters'),
      run: (config, options) => run(context, address, config, options),
      parity: (config) => call(context, address, 'parity', config),
      simulate: (config) => call(context, address, 'simulate', config),
      compare: (configs, options) => compare(context, address, configs, options),
      close: async () => {
        server.abort()
        await browser.close()
      },
    }
  } catch (error) {
    server.abort()
    throw error
  }
}

/** Playwright's test with `tabcluster`: one browser per worker, closed at its end. */
export const test = base.extend({
  tabclusterOptions: [{}, { option: true, scope: 'worker' }],
  tabcluster: [
    async ({ tabclusterOptions }, use) => {
      const tabcluster = await launchTabcluster(tabclusterOptions)
      try {
        await use(tabcluster)
      } finally {
        await tabcluster.close()
      }
    },
    { scope: 'worker', timeout: 180_000 },
  ],
})

export { expect }
