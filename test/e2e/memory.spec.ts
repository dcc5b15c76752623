import { inputToUrl } from '../../src/config/url.ts'
import { expectAccessibleInEveryLook } from './axe.ts'
import { expect, test } from './pool.ts'

const DRAFT = {
  model: { layers: 2, heads: 2, embed: 32, context: 16, vocab: 256 },
  batch: { global: 4, microbatches: 2, sequence: 16 },
  parallel: { pipeline: 2, schedule: '1f1b' },
}
const link = async () => `/#run=${await inputToUrl(DRAFT)}`

test('memory over the step: bytes measured at ops lie on the predicted curve; links show what travels', async ({
  page,
}) => {
  await page.goto(await link())
  await page.getByRole('region', { name: 'Timeline' }).getByRole('button', { name: 'memory' }).click()
  const rows = page.getByRole('group', { name: 'Memory over the step, by rank' })
  await expect(rows.getByRole('img')).toHaveCount(2)
  // Before any run the schedule says what travels at a tick: stage 0 has handed micro-batch 0 on.
  const between = page.locator('path[data-traffic]')
  await expect(between).toHaveCount(0)
  await rows.focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await expect(page.getByText('at tick 1')).toBeVisible()
  await expect(between).toHaveAttribute('data-flow', 'forth')
  await expect(page.getByTestId('links-now')).toContainText('activations')
  await expect(page.getByTestId('links-now')).toContainText('0 → 1')
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: 'Start', exact: true }).click()
  const dots = page.getByTestId('measured-memory')
  await expect.poll(() => dots.count(), { timeout: 90_000 }).toBeGreaterThan(40)
  const both = await dots.evaluateAll((all) =>
    all.map((each) => [(each as HTMLElement).dataset['bytes'], (each as HTMLElement).dataset['predicted']]),
  )
  for (const [measured, predicted] of both) expect(measured).toBe(predicted)
  await expect(between).toHaveCount(1)
  await expect(page.getByTestId('links-now')).toContainText(/activations [\d.]+\s[kM]?B/)
  await page.getByRole('button', { name: 'Reset' }).click()
  await expect(dots).toHaveCount(0)
  await page.getByRole('region', { name: 'Timeline' }).getByRole('button', { name: 'Table' }).click()
  await expect(
    page.getByRole('region', { name: 'Memory over the step, by rank: Table' }).locator('tbody tr').first(),
  ).toContainText(/\d/)
})

test('axe finds nothing beside memory over the step', async ({ page }) => {
  await page.goto(await link())
  await expect(page.getByText('rank 0')).toBeVisible()
  await page.keyboard.press('v')
  await page.keyboard.press('t')
  await page.keyboard.press('t')
  await expect(page.locator('path[data-traffic]')).toHaveCount(1)
  await expectAccessibleInEveryLook(page)
})
