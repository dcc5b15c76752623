import { gzipSync } from 'node:zlib'
import type { Page } from '@playwright/test'
import { expect, test } from './pool.ts'
import { staticHost } from './static-host.ts'

// Service workers and caches outlive a page.
test.use({ fresh: true })

const PATH = '/some/path/'

const TINY = {
  steps: 2,
  model: { layers: 1, heads: 2, embed: 16, context: 16, vocab: 256 },
  batch: { global: 2, microbatches: 1, sequence: 16 },
  parallel: { data: 2 },
}
const train = (page: Page) => page.evaluate(async (config) => (await window.tabcluster.run(config)).steps?.length, TINY)

test('a plain host under a path is enough: isolated after one reload, then also offline, and nothing leaves the origin', async ({
  page,
}) => {
  const host = await staticHost(PATH)
  const elsewhere: string[] = []
  const violations: string[] = []
  let loads = 0
  page.on('request', (request) => {
    if (!request.url().startsWith(host.address) && !/^(data|blob):/.test(request.url())) elsewhere.push(request.url())
  })
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) violations.push(message.text())
  })
  page.on('load', () => loads++)
  await page.goto(host.address)
  await expect.poll(() => page.evaluate(() => crossOriginIsolated).catch(() => false)).toBe(true)
  await page.waitForLoadState()
  expect(await train(page)).toBe(2)
  expect(loads).toBe(2)
  await host.close()
  await page.reload()
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeVisible()
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
  expect(await train(page)).toBe(2)
  await page.getByRole('button', { name: 'Simulate', exact: true }).click()
  await expect(page.getByRole('complementary', { name: 'Simulate' })).toBeVisible()
  await page.keyboard.press('?')
  expect(elsewhere).toEqual([])
  expect(violations).toEqual([])
})

test('without a service worker the page trains through transferred buffers', async ({ browser }) => {
  const host = await staticHost(PATH)
  const context = await browser.newContext({ serviceWorkers: 'block' })
  const page = await context.newPage()
  await page.goto(host.address)
  await page.waitForFunction(() => 'tabcluster' in window)
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
  expect(await train(page)).toBe(2)
  await context.close()
  await host.close()
})

test('what is loaded before the first paint is at most 150 kB of script, compressed', async ({ request }) => {
  const html = await (await request.get('/')).text()
  const scripts = [...html.matchAll(/(?:src|href)="([^"]+\.js)"/g)].map(([, path]) => path!)
  expect(scripts.length).toBeGreaterThan(0)
  let bytes = 0
  for (const path of scripts) bytes += gzipSync(await (await request.get(path)).body()).length
  expect(bytes).toBeLessThanOrEqual(150_000)
})
