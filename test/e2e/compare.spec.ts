import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { inputToUrl } from '../../src/config/url.ts'
import { expectAccessible, expectAccessibleInEveryLook } from './axe.ts'
import { expect, test } from './pool.ts'
import { expectNoWorkers } from './readings.ts'

const SMALL = {
  model: { layers: 2, heads: 2, embed: 32, context: 16, vocab: 256 },
  batch: { global: 4, microbatches: 1, sequence: 16 },
}
const PINS = [
  { ...SMALL, parallel: { data: 2 } },
  { ...SMALL, parallel: { data: 2, zero: 3 } },
  { ...SMALL, batch: { ...SMALL.batch, microbatches: 2 }, parallel: { pipeline: 2, schedule: '1f1b' } },
]

const rows = (page: Page) => page.getByRole('region', { name: 'Compare: Table' }).locator('tbody tr')
const status = (page: Page) => page.getByTestId('compare-status')

test('three pins are clocked, trained one after another, ordered, and travel in a link', async ({
  page,
  context,
  browser,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto(`/#compare=${await inputToUrl({ pins: PINS, steps: 4 })}`)
  await expect(rows(page)).toHaveCount(3)
  await expect(page.getByTestId('differences')).toContainText('They differ in')
  await expect(page.getByTestId('differences')).toContainText('(virtual)')
  await page.getByRole('button', { name: 'Train all' }).click()
  await expect(status(page)).toContainText('training A')
  await expect(page.getByRole('button', { name: 'Train all again' })).toBeVisible({ timeout: 90_000 })
  for (const row of await rows(page).all()) {
    await expect(row.getByTestId('measured-tokens')).toHaveText(/\d/)
    await expect(row.getByTestId('last-loss')).toHaveText(/^\d\.\d\d$/)
  }
  // Same seed, same data: the strategies train the same.
  const losses = await rows(page).getByTestId('last-loss').allInnerTexts()
  expect(new Set(losses).size).toBe(1)
  await expect(page.getByTestId('differences')).toContainText('(measured)')
  await expect(page.getByRole('img', { name: /^Loss of / })).toHaveCount(3)
  await expect(page.getByRole('img', { name: /^Memory over the step of / })).toHaveCount(3)
  for (const row of await rows(page).all()) await expect(row.getByTestId('validation-loss')).toHaveText(/\d\.\d\d/)
  await page.getByText('Losses as a table').click()
  await expect(page.getByRole('region', { name: 'Losses as a table' }).locator('tbody tr')).toHaveCount(4)

  await page.getByRole('button', { name: 'bytes per step' }).click()
  await expect(page.getByRole('columnheader', { name: 'bytes per step' })).toHaveAttribute('aria-sort', 'ascending')
  await expect(rows(page).first()).toContainText('pipeline 2')
  // Again: the other way round.
  await page.getByRole('button', { name: 'bytes per step' }).click()
  await expect(page.getByRole('columnheader', { name: 'bytes per step' })).toHaveAttribute('aria-sort', 'descending')
  await expect(rows(page).last()).toContainText('pipeline 2')
  // All learn the same: none of the losses is the best.
  await expect(page.getByTestId('last-loss').and(page.locator('[data-best]'))).toHaveCount(0)

  await page.getByRole('button', { name: 'Copy link' }).click()
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible()
  const link = await page.evaluate(() => navigator.clipboard.readText())
  const elsewhere = await browser.newPage()
  await elsewhere.goto(link)
  await expect(rows(elsewhere)).toHaveCount(3)
  await expect(elsewhere.getByLabel('Steps')).toHaveValue('4')
  await elsewhere.close()
})

test('what is over its budget shows by how much; the table of memory says what its charts draw; nothing is cut off', async ({
  page,
}) => {
  await page.setViewportSize({ width: 1280, height: 720 })
  const tight = { ...PINS[0], cluster: { memoryBytes: 100_000 } }
  const known = { ...PINS[0], cluster: { device: 't4' } }
  await page.goto(`/#compare=${await inputToUrl({ pins: [PINS[1], tight, known] })}`)
  const over = rows(page).nth(1)
  await expect(over).toContainText(/over the budget of 100.kB/)
  // The two replicas hold different bytes; both bars have the line.
  await expect(over.getByRole('img')).toHaveCount(2)
  await expect(over.locator('[title^="budget"]')).toHaveCount(2)
  await expect(over.locator('[data-best]')).toHaveCount(0)
  await expect(page.getByText('B does not fit its budget.')).toBeVisible()
  for (const row of await rows(page).all()) {
    const box = (await row.getByRole('button', { name: /^Remove/ }).boundingBox())!
    expect(box.x + box.width).toBeLessThanOrEqual(1280)
  }
  const memory = page.getByRole('region', { name: 'Memory over the step, predicted' })
  await expect(memory.getByRole('img')).toHaveCount(3)
  await expect(memory).toContainText(/budget 100.kB/)
  await memory.getByRole('button', { name: 'Table' }).click()
  await expect(memory.getByRole('img')).toHaveCount(0)
  await expect(memory.getByRole('row', { name: /^B peak/ })).toContainText(/\d.kB/)
  await expectAccessible(page)
})

test('one cursor for all small charts', async ({ page }) => {
  await page.goto(`/#compare=${await inputToUrl({ pins: PINS.slice(0, 2), steps: 3 })}`)
  await page.getByRole('button', { name: 'Train all' }).click()
  await expect(page.getByRole('button', { name: 'Train all again' })).toBeVisible({ timeout: 90_000 })
  await page.getByRole('img', { name: /^Loss of A/ }).hover({ position: { x: 120, y: 60 } })
  const readings = page.getByRole('region', { name: 'Loss while training, measured' }).locator('figcaption')
  await expect(readings.first()).toContainText(/step \d: \d\.\d\d/)
  const [a, b] = await readings.allInnerTexts()
  expect(/step \d/.exec(b!)![0]).toBe(/step \d/.exec(a!)![0])
  const memory = page.getByRole('region', { name: 'Memory over the step, predicted' })
  await memory.getByRole('img').first().hover()
  const shares = await memory.locator('figcaption').allInnerTexts()
  expect(shares.map((each) => /[\d.]+\s?%/.exec(each)?.[0])).toEqual(
    shares.map(() => /[\d.]+\s?%/.exec(shares[0]!)![0]),
  )
})

test('Run and Simulate pin what is on screen; undo takes it back; a compressed one is pinned uncompressed', async ({
  page,
}) => {
  await page.goto(`/#run=${await inputToUrl({ ...SMALL, parallel: { data: 2, compression: { kind: 'fp16' } } })}`)
  await page.getByRole('button', { name: 'Pin', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Pinned' })).toHaveAttribute('aria-disabled', 'true')
  await page.getByRole('button', { name: 'Simulate', exact: true }).click()
  await expect(page.getByText(/clocked in/)).toBeVisible()
  await page.getByRole('button', { name: 'Pin', exact: true }).click()
  await page.getByRole('button', { name: 'Compare 2' }).click()
  await expect(rows(page)).toHaveCount(2)
  await expect(rows(page).nth(1)).toContainText('simulated only: precision: "mixed-bf16" is for simulate')
  await rows(page).first().getByRole('button', { name: 'Pin it uncompressed' }).click()
  await expect(rows(page)).toHaveCount(3)
  await page.getByRole('button', { name: 'Remove B' }).click()
  await expect(rows(page)).toHaveCount(2)
  await page.keyboard.press('Control+z')
  await expect(rows(page)).toHaveCount(3)
  await rows(page).first().getByRole('button', { name: 'Open in Run' }).click()
  await expect(page.getByRole('button', { name: 'Compressed', exact: true })).toHaveAttribute('aria-pressed', 'true')
})

test('training is cancelled, and Run waits for it', async ({ page }) => {
  await page.goto(`/#compare=${await inputToUrl({ pins: PINS, steps: 500 })}`)
  await page.getByRole('button', { name: 'Train all' }).click()
  await expect(status(page)).toContainText(/training A: step [1-9]/, { timeout: 60_000 })
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toHaveAttribute('aria-disabled', 'true')
  await page.getByRole('button', { name: 'Compare 3' }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('button', { name: 'Train all' })).toBeVisible()
  await expect(rows(page).first()).toContainText('not trained')
  await expectNoWorkers(page)
})

test('a compressed run is compared with its uncompressed twin in one click; the comparison is taken away', async ({
  page,
}) => {
  await page.goto(`/#run=${await inputToUrl({ ...SMALL, parallel: { data: 2, compression: { kind: 'int8' } } })}`)
  await page.getByRole('button', { name: 'Compare with uncompressed' }).click()
  await expect(rows(page)).toHaveCount(2)
  await expect(page.getByTestId('differences')).toContainText('B: none')
  await page.getByRole('button', { name: 'Take away' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'A row per pin: CSV' }).click()
  const lines = readFileSync(await (await download).path(), 'utf8')
    .trimEnd()
    .split('\r\n')
  expect(lines).toHaveLength(3)
  expect(lines[1]).toMatch(/^A,/)
})

test('axe finds nothing in Compare, empty and with three pins', async ({ page }) => {
  await page.goto('/#compare')
  await expectAccessibleInEveryLook(page)
  await page.getByRole('button', { name: /Pin three|先固定三个/ }).click()
  await expect(page.locator('tbody tr')).toHaveCount(3)
  await expectAccessibleInEveryLook(page)
})

test('Compare fits a phone', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(`/#compare=${await inputToUrl({ pins: PINS })}`)
  await expect(rows(page)).toHaveCount(3)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
})
