import type { Page } from '@playwright/test'
import { inputToUrl } from '../../src/config/url.ts'
import { expectAccessibleInEveryLook } from './axe.ts'
import { expect, test } from './pool.ts'
import { expectNoWorkers, loss, step } from './readings.ts'
import { openTiny } from './tiny.ts'

const choose = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

/** The label ends with its unit. */
const budgetOf = (page: Page) => page.getByLabel(/^(Memory budget|显存预算)/)

async function setBudget(page: Page, megabytes: string): Promise<void> {
  await budgetOf(page).fill(megabytes)
  await budgetOf(page).press('Enter')
}

test('the out-of-memory lesson: DDP breaks the budget, ZeRO fits, trains and stays within it', async ({ page }) => {
  await page.goto('/')
  await page.locator('header select').selectOption('ddp')
  await page.locator('summary', { hasText: 'Devices' }).click()
  await setBudget(page, '5')
  const budget = budgetOf(page)
  await expect(budget).toHaveAttribute('aria-invalid', 'true')
  await expect(page.getByRole('alert').filter({ hasText: 'cluster.memoryBytes is 5.00 MB' })).toBeVisible()
  await expect(page.getByText(/Needs [\d.]+.MB; the budget is 5\.00.MB/)).toHaveCount(4)
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toHaveAttribute('aria-disabled', 'true')
  await expect(page.getByText(/ZeRO-3·FSDP would need [\d.]+.MB/)).toBeVisible()
  await choose(page, 'Use it: ZeRO-3·FSDP')
  await expect(page.getByRole('button', { name: 'ZeRO-3·FSDP', exact: true })).toHaveAttribute('aria-pressed', 'true')
  await expect(budget).not.toHaveAttribute('aria-invalid', 'true')
  await expect(page.getByText(/Needs [\d.]+/)).toHaveCount(0)
  await choose(page, 'Start')
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(0)
  const first = await loss(page)
  await expect.poll(() => loss(page), { timeout: 110_000, intervals: [500] }).toBeLessThan(first - 0.2)
  await expect(page.getByTestId('state')).toHaveText('training')
})

test('out of memory: who needs most stands under the strategies, and recomputation is offered where it is enough', async ({
  page,
}) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto(
    `/#run=${await inputToUrl({ parallel: { data: 4, zero: 3 }, batch: { microbatches: 1 }, cluster: { memoryBytes: 3e6 } })}`,
  )
  const advice = page.getByRole('status', { name: 'What would fit' })
  await expect(advice).toContainText(/Out of memory: rank 2 needs 4\.\d\d.MB; the budget is 3\.00.MB\./)
  await expect(advice).toBeInViewport({ ratio: 1 })
  await expect(advice).toContainText(/Full recomputation would need 2\.\d\d.MB/)
  await choose(page, 'Use it: Full recomputation')
  await expect(page.getByLabel('Recompute', { exact: true })).toHaveValue('full')
  await expect(advice).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'ZeRO-3·FSDP', exact: true })).toHaveAttribute('aria-pressed', 'true')
  await expectNoWorkers(page)

  // The field with the problem is in sight by itself.
  await page.getByRole('button', { name: 'Undo' }).click()
  await setBudget(page, '0.5')
  await expect(advice).toContainText(/Nothing that was tried fits: .*Offloading to the CPU.*Nor do \d+ of them/)
  await expect(advice).not.toContainText('No other strategy')
})

test('a section that a problem opened stays open when it is mended, and the focus stays in it', async ({ page }) => {
  await page.goto(
    `/#run=${await inputToUrl({ parallel: { data: 2 }, batch: { microbatches: 1 }, cluster: { memoryBytes: 1e6 } })}`,
  )
  await expect(budgetOf(page)).toHaveAttribute('aria-invalid', 'true')
  await setBudget(page, '100')
  await expect(budgetOf(page)).not.toHaveAttribute('aria-invalid', 'true')
  await expect(budgetOf(page)).toBeVisible()
  await page.locator('summary', { hasText: 'Devices' }).click()
  await expect(budgetOf(page)).toBeHidden()
})

test('a change while training says when it applies and restarts on request', async ({ page }) => {
  await openTiny(page)
  const pending = page.getByText('The change applies at the next start.')
  await choose(page, 'Start')
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(0)
  await expect(pending).toBeHidden()
  await choose(page, 'DDP')
  await expect(pending).toBeVisible()
  await page.keyboard.press('Control+z')
  await expect(pending).toBeHidden()
  await choose(page, 'DDP')
  await choose(page, 'Restart with it')
  await expect(pending).toBeHidden()
  await expect(page.getByRole('heading', { name: 'Strategy', exact: true })).toBeFocused()
  await expect(page.getByText('rank 1', { exact: true })).toBeVisible()
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(0)
})

test('an uneven split of the batch or the blocks stands in the panel and can be taken back', async ({ page }) => {
  const uneven = { parallel: { data: 2 }, batch: { global: 8, microbatches: 1, shares: [5, 3] } }
  await page.goto(`/#run=${await inputToUrl(uneven)}`)
  await expect(page.getByTestId('batch.shares')).toContainText('5 : 3')
  await choose(page, 'Back to the default: Shares of the batch')
  await expect(page.getByTestId('batch.shares')).toHaveCount(0)
  await page.goto(`/#run=${await inputToUrl({ parallel: { pipeline: 2, partition: [1, 3] } })}`)
  await page.reload()
  await expect(page.getByTestId('parallel.partition')).toContainText('Blocks per stage1 : 3')
})

test('a tensor-parallel run is the same training as one device', async ({ page }) => {
  await openTiny(page)
  await choose(page, 'Tensor')
  await expect(page.getByLabel('Tensor shards', { exact: true })).toHaveValue('2')
  await page.getByLabel('Sequence parallel', { exact: true }).check()
  await choose(page, 'Start')
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(1)
  await choose(page, 'Reset')
  await choose(page, 'Compare with one device')
  await expect(page.getByText(/same gradients as one device: .*✓/)).toBeVisible({ timeout: 90_000 })
})

test('tensor shards that do not divide the heads are explained beside their control', async ({ page }) => {
  await page.goto('/')
  await choose(page, 'Tensor')
  const shards = page.getByLabel('Tensor shards', { exact: true })
  await shards.fill('3')
  await shards.press('Enter')
  await expect(shards).toHaveAttribute('aria-invalid', 'true')
  await expect(shards).toHaveAccessibleDescription('3 does not divide model.heads: 4')
})

test('the mesh: keys move, the groups of a rank are marked, a table says the same', async ({ page }) => {
  await page.goto('/')
  await choose(page, '3D')
  await expect(page.getByText('rank 7', { exact: true })).toBeVisible()
  await choose(page, 'mesh')
  const cell = (rank: number) => page.locator(`[role="gridcell"][data-rank="${rank}"]`)
  await expect(page.getByRole('gridcell')).toHaveCount(8)
  await cell(0).focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowDown')
  await expect(cell(3)).toBeFocused()
  await expect(cell(1)).toHaveAttribute('data-shared', 'data')
  await expect(cell(2)).toHaveAttribute('data-shared', 'tensor')
  await expect(cell(7)).toHaveAttribute('data-shared', 'pipeline')
  await expect(cell(4)).not.toHaveAttribute('data-shared')
  await expect(cell(3)).toHaveAccessibleName(
    /rank 3, data 1, tensor 1, stage 0\. data group B \(ranks 1, 3\) sums gradients/,
  )
  await page.keyboard.press('End')
  await expect(cell(7)).toBeFocused()
  await cell(4).hover()
  await expect(cell(5)).toHaveAttribute('data-shared', 'tensor')
  await page.getByText('Ranks and groups as a table').click()
  await expect(page.getByRole('row', { name: '7 1 1 1 D: 5, 7 D: 6, 7 D: 3, 7' })).toBeVisible()
})

test('an asynchronous server: staleness is drawn beside the loss, the slow worker is marked', async ({ page }) => {
  await page.goto('/')
  await page.locator('header select').selectOption('stale')
  await expect(page.getByLabel('How many times slower rank 3 is')).toHaveValue('3')
  await choose(page, 'Start')
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(2)
  const staleness = page.getByRole('region', { name: 'Staleness' })
  await staleness.getByRole('button', { name: 'Table' }).click()
  await expect(staleness.getByRole('columnheader')).toHaveText(['step', 'mean', 'largest'])
  const largest = Number(await staleness.locator('strong').innerText())
  expect(largest).toBeGreaterThan(0)
  expect(largest).toBeLessThanOrEqual(3)
  await expect(
    page
      .getByRole('listitem')
      .filter({ hasText: 'rank 3' })
      .getByText(/slowest/),
  ).toBeVisible()
})

test('adapters: what there is, and ranks dealt to them', async ({ page }) => {
  await page.goto('/')
  await page.locator('header select').selectOption('ddp')
  await page.locator('summary', { hasText: 'Devices' }).click()
  await expect(page.getByRole('list', { name: 'Adapters of this browser' })).toContainText(
    /swiftshader.*software adapter · buffers up to/is,
  )
  await page.getByLabel('Ranks on', { exact: true }).selectOption('fallback')
  await expect(page.getByRole('combobox', { name: 'rank 3' })).toHaveValue('fallback')
  await page.getByRole('combobox', { name: 'rank 3' }).selectOption('low-power')
  await expect(page.getByLabel('Ranks on', { exact: true })).toHaveValue('byRank')
  await page.getByLabel('Replicas', { exact: true }).fill('2')
  await page.getByLabel('Replicas', { exact: true }).press('Enter')
  await expect(page.getByText('has 4 entries; one per rank is 2')).toBeVisible()
  await choose(page, 'Deal to 2 ranks')
  await expect(page.getByText('has 4 entries')).toBeHidden()
})

test('axe finds nothing in what strategies add', async ({ page }) => {
  await page.goto('/')
  await page.locator('header select').selectOption('threeD')
  await expect(page.getByText('rank 7', { exact: true })).toBeVisible()
  await page.getByRole('group', { name: 'Show the cluster as' }).getByRole('button').last().click()
  await page.locator('main details').first().locator('summary').click()
  await expectAccessibleInEveryLook(page, () => page.getByRole('gridcell').nth(5).focus())
  await page.locator('header select').selectOption('stale')
  await page.locator('aside details').last().locator('summary').click()
  await expectAccessibleInEveryLook(page)
  await page.locator('header select').selectOption('ddp')
  await setBudget(page, '5')
  await expect(page.getByRole('status').filter({ hasText: 'ZeRO-3·FSDP' })).toBeVisible()
  await expectAccessibleInEveryLook(page)
})

test('a compressed run shows its loss and its bytes beside the run before', async ({ page }) => {
  await openTiny(page, { parallel: { data: 4 } })
  await choose(page, 'Start')
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(3)
  await choose(page, 'Compressed')
  await choose(page, 'Reset')
  await choose(page, 'Start')
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(2)
  const panel = page.getByRole('region', { name: 'Loss' })
  // int8 with a scale per chunk: a little more than a quarter.
  await expect(panel).toContainText(/run before: ddp-4 ┄ · sends [\d.]+.[kM]B a step, 2[5-9](\.\d)?.% of its bytes/)
  await panel.getByRole('button', { name: 'Table' }).click()
  await expect(panel.getByRole('columnheader', { name: 'run before: ddp-4' })).toBeVisible()
  const row = panel.getByRole('row').nth(1).getByRole('cell')
  await expect(row.nth(1)).toHaveText((await row.nth(3).innerText()).trim())
})
