import type { Page, Worker } from '@playwright/test'
import { inputToUrl } from '../../src/config/url.ts'
import { expect, test } from './pool.ts'
import { expectNoWorkers, step } from './readings.ts'

const start = (page: Page) => page.getByRole('button', { name: 'Start', exact: true }).click()
const workers = (page: Page, file: string) => page.workers().filter((worker) => worker.url().includes(file))

/** A failed promise that nothing in the worker waits for. */
const breaks = (worker: Worker) =>
  worker.evaluate(() => {
    setTimeout(() => void Promise.reject(new Error('a bug in here')), 0)
  })

test('an exception in a worker, a rank’s or the conductor’s, ends the run with what it was', async ({ page }) => {
  await page.goto('/')
  for (const file of ['rank.worker', 'conductor.worker']) {
    await start(page)
    await expect.poll(() => step(page), { timeout: 60_000 }).toBeGreaterThan(1)
    await breaks(workers(page, file).at(-1)!)
    const alert = page.getByRole('alert')
    await expect(alert).toContainText('a bug in here')
    await expectNoWorkers(page)
    await page.getByRole('button', { name: 'Reset' }).click()
    await expect(alert).toHaveCount(0)
  }
})

test('a reset while data are prepared waits for nothing', async ({ page }) => {
  let held = 0
  // The tokenizer never comes.
  await page.route(/r50k_base/, () => void held++)
  await page.goto(
    `/#run=${await inputToUrl({ data: { tokenizer: 'gpt2' }, model: { layers: 1, heads: 1, embed: 8, vocab: 50_257 } })}`,
  )
  await start(page)
  await expect.poll(() => workers(page, 'conductor.worker').length).toBe(1)
  await expect.poll(() => held).toBeGreaterThan(0)
  await page.getByRole('button', { name: 'Reset' }).click()
  await expect.poll(() => workers(page, 'conductor.worker').length).toBe(0)
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeEnabled()
})
