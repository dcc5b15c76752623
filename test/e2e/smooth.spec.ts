import type { Browser, Page } from '@playwright/test'
import { inputToUrl } from '../../src/config/url.ts'
import { expect, test } from './pool.ts'
import { step } from './readings.ts'

/** Eight ranks on steps so short that the page has as much to show as it ever gets. */
const EIGHT = {
  model: { layers: 2, heads: 2, embed: 32, context: 16, vocab: 256 },
  batch: { global: 8, microbatches: 1, sequence: 16 },
  parallel: { data: 8 },
  steps: 100_000,
}

const full = process.env['TABCLUSTER_FULL'] === '1'
const TRACE_SECONDS = full ? 30 : 5

/** Counts how often each canvas begins a new picture. */
async function countDraws(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const clear = CanvasRenderingContext2D.prototype.clearRect
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {
      const { dataset } = this.canvas
      dataset['draws'] = String(Number(dataset['draws'] ?? 0) + 1)
      return clear.apply(this, box)
    }
  })
}

const draws = (page: Page, chart: string) =>
  page
    .getByRole('img', { name: chart })
    .locator('canvas')
    .first()
    .evaluate((canvas) => Number(canvas.dataset['draws'] ?? 0))

async function startEight(page: Page): Promise<void> {
  await page.goto(`/#run=${await inputToUrl(EIGHT)}`)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect.poll(() => step(page), { timeout: 60_000 }).toBeGreaterThan(5)
}

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** Thread CPU time, microseconds. */
  readonly tdur?: number
  readonly dur?: number
  readonly args?: { readonly name?: string }
}

/** Milliseconds of CPU (and of wall time) that every task of the page's main thread took while `work` ran. */
async function mainThreadTasks(
  browser: Browser,
  page: Page,
  work: () => Promise<unknown>,
): Promise<{ cpu: number; wall: number }[]> {
  const pid = await rendererOf(page)
  await browser.startTracing(page, {
    categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'],
  })
  await work()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] }
  const main = traceEvents.find(
    (event) =>
      event.name === 'thread_name' && event.args?.name === 'CrRendererMain' && (pid === null || event.pid === pid),
  )
  if (!main) throw new Error('the trace has no main thread')
  return traceEvents.flatMap(({ name, pid: p, tid, tdur, dur }) =>
    name === 'RunTask' && p === main.pid && tid === main.tid && tdur !== undefined && dur !== undefined
      ? [{ cpu: tdur / 1000, wall: dur / 1000 }]
      : [],
  )
}

/** The page's process, where several renderers are in a trace. */
async function rendererOf(page: Page): Promise<number | null> {
  const session = await page.context().browser()!.newBrowserCDPSession()
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    const renderers = processInfo.filter(({ type }) => type === 'renderer')
    return renderers.length === 1 ? renderers[0]!.id : null
  } finally {
    await session.detach()
  }
}

test('while eight ranks train, the main thread stays free and charts follow', async ({ page, browser }) => {
  test.setTimeout(180_000)
  await countDraws(page)
  await startEight(page)
  await page.getByRole('button', { name: 'executed' }).click()
  const before = { step: await step(page), draws: await draws(page, 'Loss') }
  const tasks = await mainThreadTasks(browser, page, () => page.waitForTimeout(TRACE_SECONDS * 1000))
  const after = { step: await step(page), draws: await draws(page, 'Loss') }
  const longest = Math.max(...tasks.map(({ cpu }) => cpu))
  const stepsPerSecond = (after.step - before.step) / TRACE_SECONDS
  const drawsPerSecond = (after.draws - before.draws) / TRACE_SECONDS
  const busy = tasks.reduce((sum, { cpu }) => sum + cpu, 0) / TRACE_SECONDS / 10
  console.log(
    `${TRACE_SECONDS} s: ${tasks.length} tasks, longest ${longest.toFixed(1)} ms of CPU (${Math.max(...tasks.map(({ wall }) => wall)).toFixed(1)} ms on the clock), ` +
      `main thread ${busy.toFixed(1)} % busy; ${stepsPerSecond.toFixed(1)} steps/s, loss chart drawn ${drawsPerSecond.toFixed(1)} times a second`,
  )
  expect(tasks.length).toBeGreaterThan(100)
  expect(longest).toBeLessThan(50)
  expect(drawsPerSecond).toBeGreaterThan(0.8 * Math.min(10, stepsPerSecond))
})

/** Bytes that page and workers hold after garbage is collected. */
async function heldBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  await session.detach()
  return page.evaluate(async () => {
    if (!('measureUserAgentSpecificMemory' in performance)) throw new Error('this browser cannot measure its memory')
    const measure = performance.measureUserAgentSpecificMemory as () => Promise<{ bytes: number }>
    return (await measure.call(performance)).bytes
  })
}

/** Seconds until caches are warm, and minutes of the soak. */
const [WARM, MINUTES] = [60, 5]

async function soak({ page }: { page: Page }): Promise<void> {
  test.setTimeout((WARM + MINUTES * 60) * 1000 + 240_000)
  await startEight(page)
  await page.getByRole('button', { name: 'executed' }).click()
  await page.waitForTimeout(WARM * 1000)
  const readings: { step: number; bytes: number }[] = []
  const read = async () => void readings.push({ step: await step(page), bytes: await heldBytes(page) })
  await read()
  const start = Date.now()
  while (Date.now() - start < MINUTES * 60_000) {
    await page.waitForTimeout(30_000)
    await read()
  }
  console.log(readings.map((each) => `step ${each.step}: ${(each.bytes / 1e6).toFixed(1)} MB`).join(', '))
  const [first, last] = [readings[0]!, readings.at(-1)!]
  expect(last.step).toBeGreaterThan(first.step + 100)
  expect(last.bytes).toBeLessThan(first.bytes * 1.1 + 1e6)
}

// Minutes long: part of test:full.
if (full) test('five minutes of training do not grow the memory of the page', soak)
