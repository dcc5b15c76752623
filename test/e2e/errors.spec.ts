import type { Page } from '@playwright/test'
import { inputToUrl } from '../../src/config/url.ts'
import { expectAccessible } from './axe.ts'
import { expect, test } from './pool.ts'
import { chooseTheme, expectNoWorkers, step } from './readings.ts'
import { openTiny } from './tiny.ts'

async function goesToSimulate(page: Page): Promise<void> {
  await page.getByRole('alert').getByRole('button', { name: 'Simulate any cluster instead' }).click()
  await expect(page.getByText(/clocked in/)).toBeVisible()
}

test('without WebGPU the page says how to get it, and simulates', async ({ page }) => {
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'gpu'))
  await page.goto('/')
  await expect(page.getByRole('alert')).toContainText('This browser has no WebGPU')
  await expect(page.getByRole('alert')).toContainText('use Chrome or Edge 113+')
  await expectAccessible(page)
  await goesToSimulate(page)
})

test('without an adapter the page says what to check, and simulates', async ({ page }) => {
  await page.addInitScript(() => {
    GPU.prototype.requestAdapter = () => Promise.resolve(null)
  })
  await page.goto('/')
  await expect(page.getByRole('alert')).toContainText('WebGPU found no adapter')
  await goesToSimulate(page)
})

test('where nothing can be stored, settings hold for the visit', async ({ page }) => {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError')
    }
  })
  await page.goto('/')
  await chooseTheme(page, 'dark')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await page.getByRole('button', { name: '中文' }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-Hans')
  expect(errors).toEqual([])
})

test('a lost device ends the run with what to do, and training starts again', async ({ page, browser }) => {
  await openTiny(page)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect.poll(() => step(page), { timeout: 60_000 }).toBeGreaterThan(1)
  const session = await browser.newBrowserCDPSession()
  await session.send('Browser.crashGpuProcess').catch(() => undefined)
  const alert = page.getByRole('alert')
  await expect(alert).toContainText('The graphics device was lost', { timeout: 60_000 })
  await expectAccessible(page)
  await expectNoWorkers(page)
  await alert.getByRole('button', { name: 'Start again' }).click()
  await expect.poll(() => step(page), { timeout: 60_000 }).toBeGreaterThan(1)
})

test('a model that the device has no room for ends the run, says what needed how much and what to do; a smaller one trains', async ({
  page,
}) => {
  const small = { layers: 1, heads: 4, embed: 32, context: 16, vocab: 256 }
  // An embedding of 1.15 GB: more than this adapter gives to one buffer.
  const large = { layers: 1, heads: 8, embed: 4096, context: 16, vocab: 70_000 }
  const draft = { batch: { global: 2, microbatches: 1, sequence: 16 }, parallel: { data: 2 } }
  await page.goto(`/#run=${await inputToUrl({ ...draft, model: large })}`)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  const alert = page.getByRole('alert')
  await expect(alert).toContainText('Out of memory', { timeout: 60_000 })
  await expect(alert).toContainText(
    "1.15 GB for parameters (param:wte.weight) is over this adapter's limit of 1.07 GB for one buffer",
  )
  await expect(alert).toContainText('use more devices or micro-batches')
  await expectAccessible(page)
  await expectNoWorkers(page)
  await page.goto(`/#run=${await inputToUrl({ ...draft, model: small })}`)
  await page.reload()
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect.poll(() => step(page), { timeout: 60_000 }).toBeGreaterThan(0)
})

test.describe('in a storage of its own', () => {
  test.use({ fresh: true })

  test('a checkpoint that the storage has no room for says so, and training goes on', async ({ page, baseURL }) => {
    // Before anything is stored: a browser goes on for a while by the room that it found at the last write.
    const session = await page.context().newCDPSession(page)
    await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(baseURL!).origin, quotaSize: 50_000 })
    await openTiny(page)
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await expect.poll(() => step(page), { timeout: 60_000 }).toBeGreaterThan(1)
    await page.getByRole('button', { name: 'Take away', exact: true }).click()
    await page.getByRole('button', { name: 'Save one now' }).click()
    await expect(page.getByTestId('checkpoint-status')).toContainText('Not saved', { timeout: 30_000 })
    const held = await step(page)
    await expect.poll(() => step(page)).toBeGreaterThan(held)
  })
})

test('in Chinese a refusal is Chinese, beside its field and for a link', async ({ page }) => {
  await page.goto('/#run=1.AAAA')
  await page.getByRole('button', { name: '中文' }).click()
  await expect(page.locator('header').getByRole('alert')).toContainText('link: 已损坏')
  await page.goto(`/#run=${await inputToUrl({ parallel: { pipeline: 4 } })}`)
  await page.reload()
  const stages = page.getByLabel('阶段数', { exact: true })
  await stages.fill('60')
  await stages.press('Enter')
  await expect(page.getByRole('alert')).toContainText('多于 model.layers')
})
