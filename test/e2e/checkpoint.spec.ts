import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import type { RunResult } from '../../src/config/result.ts'
import { expectAccessible } from './axe.ts'
import { expect, test } from './pool.ts'
import { step } from './readings.ts'
import { openTiny } from './tiny.ts'

const menu = (page: Page) => page.getByRole('dialog', { name: 'Take away' })
const openMenu = (page: Page) => page.getByRole('button', { name: 'Take away', exact: true }).click()
const status = (page: Page) => page.getByTestId('checkpoint-status')

async function stepsSoFar(page: Page): Promise<NonNullable<RunResult['steps']>> {
  const download = page.waitForEvent('download')
  await menu(page).getByRole('button', { name: 'Everything measured so far: JSON' }).click()
  const result = JSON.parse(readFileSync(await (await download).path(), 'utf8')) as RunResult
  return result.steps ?? []
}

test('a run goes on from its checkpoint after a reload, bit for bit; the checkpoint can be deleted', async ({
  page,
}) => {
  await openTiny(page, { parallel: { data: 4 } })
  await openMenu(page)
  await expect(menu(page).getByText('None is saved here.')).toBeVisible()
  await expect(menu(page).getByRole('button', { name: 'Save one now' })).toHaveAttribute('aria-disabled', 'true')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(3)
  await openMenu(page)
  await menu(page).getByRole('button', { name: 'Save one now' }).click()
  await expect(status(page)).toHaveText(/^Saved ddp-4 · \d+$/)
  const saved = Number((await status(page).innerText()).match(/\d+$/)![0])
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(saved + 5)
  const straight = await stepsSoFar(page)

  // Loaded again, without the draft.
  await page.goto('/')
  await openMenu(page)
  await menu(page)
    .getByRole('button', { name: `Resume from ddp-4 · ${saved}` })
    .click()
  await expect(status(page)).toHaveText(`Going on from ddp-4 · ${saved}`)
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(saved + 4)
  const resumed = await stepsSoFar(page)
  expect(resumed[0]!.step).toBe(saved)
  const common = resumed.filter(({ step: each }) => each < straight.length)
  expect(common.length).toBeGreaterThan(3)
  for (const { step: each, loss, gradNorm } of common) {
    expect(loss).toBe(straight[each]!.loss)
    expect(gradNorm).toBe(straight[each]!.gradNorm)
  }
  await expectAccessible(page)
  await menu(page)
    .getByRole('button', { name: `Delete ddp-4 · ${saved}` })
    .click()
  await expect(menu(page).getByText('None is saved here.')).toBeVisible()
})

test('a file that is no checkpoint is refused in one line', async ({ page }) => {
  await page.goto('/')
  await openMenu(page)
  const chooser = page.waitForEvent('filechooser')
  await menu(page).getByRole('button', { name: 'Open a file…' }).click()
  await (
    await chooser
  ).setFiles({ name: 'x.safetensors', mimeType: 'application/octet-stream', buffer: Buffer.from('nothing') })
  await expect(status(page)).toHaveText(
    'That did not work: checkpoint: the file has 7 bytes; a header takes at least 8',
  )
})

test('an uneven load is said, and the better split taken goes on from the same weights', async ({ page }) => {
  await openTiny(page, { parallel: { data: 2 }, batch: { global: 8, microbatches: 1, sequence: 16 } })
  await page.locator('summary').filter({ hasText: 'Devices' }).click()
  await page.getByLabel('How many times slower rank 1 is').fill('4')
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  const offer = page.getByTestId('rebalance')
  await expect(offer).toContainText('instead of 4 : 4', { timeout: 90_000 })
  await expect(offer).toContainText(/computes [\d.]+× faster \(predicted\)/)
  await expectAccessible(page)
  const before = await step(page)
  await offer.getByRole('button', { name: 'Take this split, keep the weights' }).click()
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(before + 2)
  await openMenu(page)
  const steps = await stepsSoFar(page)
  expect(steps[0]!.step).toBeGreaterThanOrEqual(before)
})
