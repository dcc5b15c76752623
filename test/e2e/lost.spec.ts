import type { Page } from '@playwright/test'
import { inputToUrl } from '../../src/config/url.ts'
import { expect, test } from './pool.ts'
import { step } from './readings.ts'

const TINY = {
  model: { layers: 1, heads: 2, embed: 16, context: 16, vocab: 256 },
  batch: { global: 2, microbatches: 1, sequence: 16 },
  parallel: { data: 2 },
}
const start = (page: Page) => page.getByRole('button', { name: 'Start', exact: true })
const named = (page: Page, name: string) => page.workers().filter((worker) => worker.url().includes(name))
const ranks = (page: Page) => named(page, 'conductor').length + named(page, 'rank.worker').length
const alert = (page: Page) => page.getByRole('main').getByRole('alert')

async function train(page: Page): Promise<void> {
  await start(page).click()
  await expect.poll(() => step(page), { timeout: 60_000 }).toBeGreaterThan(0)
}

test('an exception in the conducting worker ends the run in words; a hung rank does not survive the reset', async ({
  page,
}) => {
  await page.goto(`/#run=${await inputToUrl(TINY)}`)
  await train(page)
  const [conductor] = named(page, 'conductor')
  await conductor!.evaluate(
    () =>
      void setTimeout(() => {
        throw new Error('something broke')
      }),
  )
  await expect(alert(page)).toContainText('something broke')
  await expect(page.getByTestId('state')).toHaveText('failed')
  await expect.poll(() => ranks(page)).toBe(0)

  await train(page)
  await named(page, 'rank.worker')[0]!.evaluate(
    () =>
      void setTimeout(() => {
        for (;;);
      }),
  )
  await page.getByRole('button', { name: 'Reset' }).click()
  await expect.poll(() => ranks(page)).toBe(0)
})

test('a restart and a start right behind it open one cluster, and a reset ends it at once', async ({ page }) => {
  await page.goto(`/#run=${await inputToUrl(TINY)}`)
  await start(page).click()
  await page.getByLabel('Replicas', { exact: true }).fill('1')
  await page.getByLabel('Replicas', { exact: true }).press('Enter')
  const restart = page.getByRole('button', { name: 'Restart with it' })
  await expect(restart).toHaveAttribute('aria-disabled', 'false')
  await restart.evaluate((button: HTMLButtonElement) => button.click())
  // Whatever the transport bar offers meanwhile.
  await page.evaluate(() => document.querySelector<HTMLButtonElement>('footer [data-main]')!.click())
  await expect.poll(() => step(page), { timeout: 60_000 }).toBeGreaterThan(0)
  expect(named(page, 'conductor')).toHaveLength(1)
  await page.getByRole('button', { name: 'Reset' }).click()
  await expect.poll(() => ranks(page)).toBe(0)
})

test('a part of the page that cannot be loaded says so in its place, and is there after another try', async ({
  page,
}) => {
  await page.goto('/')
  await page.route('**/assets/simulate-place-*.js', (route) => route.abort())
  await page.getByRole('button', { name: 'Simulate', exact: true }).click()
  const broken = page.getByRole('alert').filter({ hasText: 'A part of this page cannot be shown' })
  await expect(broken).toBeVisible()
  await expect(broken.getByRole('button', { name: 'Reload the page' })).toBeVisible()
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(start(page)).toBeVisible()
  await page.unroute('**/assets/simulate-place-*.js')
  await page.getByRole('button', { name: 'Simulate', exact: true }).click()
  await broken.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('complementary', { name: 'Simulate' })).toBeVisible()
})

test('links to what is too large leave the page answering: it says what is too many, or that planning takes long', async ({
  page,
}) => {
  await page.goto(`/#run=${await inputToUrl({ parallel: { data: 65536 }, batch: { global: 65536, microbatches: 1 } })}`)
  await expect(page.getByText('65536 ranks; this page trains on at most 256: Simulate clocks more')).toBeVisible()
  await expect(start(page)).toHaveAttribute('aria-disabled', 'true')
  const long = await inputToUrl({ batch: { global: 900, microbatches: 900 } })
  await page.evaluate((hash) => void (location.hash = hash), `#run=${long}`)
  const planning = page.getByTestId('planning')
  await expect(planning).toContainText('Planning takes long')
  await planning.getByRole('button', { name: 'Cancel' }).click()
  await expect(planning).toContainText('Not planned')
  await expect(start(page)).toHaveAttribute('aria-disabled', 'true')
  await page.locator('header select').selectOption({ index: 1 })
  await expect(start(page)).toHaveAttribute('aria-disabled', 'false')
})
