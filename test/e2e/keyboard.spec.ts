import type { Locator, Page } from '@playwright/test'
import { expectAccessible } from './axe.ts'
import { expect, test } from './pool.ts'
import { step } from './readings.ts'

/** Tabs until the element has the focus, which must be visible on every stop. */
async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  for (let presses = 0; presses < 120; presses++) {
    if (await target.evaluate((element) => element === document.activeElement).catch(() => false)) return
    await page.keyboard.press(key)
    const seen = await page.evaluate(() => {
      const element = document.activeElement
      if (element === null || element === document.body) return true
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element)
      return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none'
    })
    if (!seen)
      throw new Error(
        `the focus is not visible on ${await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200))}`,
      )
  }
  throw new Error('the keyboard does not reach it')
}

test('the list of shortcuts has the timeline’s own keys, and room between its buttons', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 720 })
  await page.goto('/')
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click()
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await expect(list).toContainText('On the timeline, when it has the focus')
  for (const key of ['←', 'Shift ←', '+', '−', '0', 'Enter', 'Escape'])
    await expect(list.locator('kbd').getByText(key, { exact: true })).toBeVisible()
  await expect(list.getByRole('button', { name: 'Close' })).toBeInViewport({ ratio: 1 })
  const tour = (await list.getByRole('button', { name: 'Show me around' }).boundingBox())!
  const close = (await list.getByRole('button', { name: 'Close' }).boundingBox())!
  expect(close.x).toBeGreaterThanOrEqual(tour.x + tour.width + 4)
  await expectAccessible(page)
})

test('from a strategy to a comparison by keys alone', async ({ page }) => {
  test.setTimeout(180_000)
  await page.goto('/')
  await page.getByRole('button', { name: 'Show me around' }).waitFor()

  // A strategy, a field.
  await tabTo(page, page.getByRole('button', { name: 'DDP', exact: true }))
  await page.keyboard.press('Enter')
  const replicas = page.getByLabel('Replicas', { exact: true })
  await tabTo(page, replicas)
  await page.keyboard.press('Control+a')
  await page.keyboard.type('2')
  await page.keyboard.press('Enter')
  await expect(page.getByText('2 devices')).toBeVisible()

  // Train, stand still, go on by one step; the table behind a chart.
  const start = page.getByRole('button', { name: 'Start', exact: true })
  await tabTo(page, start)
  await expect(start).toBeEnabled()
  await page.keyboard.press('Enter')
  await expect.poll(() => step(page), { timeout: 60_000 }).toBeGreaterThan(1)
  await tabTo(page, page.getByRole('button', { name: 'Pause' }))
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('state')).toHaveText('paused')
  const held = await step(page)
  await page.keyboard.press('s')
  await expect.poll(() => step(page), { timeout: 30_000 }).toBeGreaterThan(held)
  await tabTo(page, page.getByRole('region', { name: 'Loss' }).getByRole('button', { name: 'Table' }), 'Shift+Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('region', { name: 'Loss' }).getByRole('table')).toBeVisible()

  // Pin it; the other places; undo there.
  await tabTo(page, page.getByRole('button', { name: 'Pin', exact: true }), 'Shift+Tab')
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('button', { name: 'Simulate', exact: true }), 'Shift+Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByText(/clocked in/)).toBeVisible()
  const stages = page.getByRole('spinbutton', { name: 'Stages' })
  await tabTo(page, stages)
  await page.keyboard.press('Control+a')
  await page.keyboard.type('8')
  await page.keyboard.press('Enter')
  await expect(page.locator('dl > div', { hasText: 'devices' }).locator('dd')).toHaveText('512')
  await tabTo(page, page.getByRole('button', { name: 'Undo' }), 'Shift+Tab')
  await page.keyboard.press('Enter')
  await expect(stages).toHaveValue('16')
  await tabTo(page, page.getByRole('button', { name: 'Compare 1' }), 'Shift+Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('region', { name: 'Compare: Table' }).locator('tbody tr')).toHaveCount(1)

  // Language, theme, help.
  await tabTo(page, page.getByRole('button', { name: '中文' }))
  await page.keyboard.press('Enter')
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-Hans')
  await tabTo(page, page.getByRole('button', { name: 'EN', exact: true }), 'Shift+Tab')
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('button', { name: 'Theme: system' }))
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toHaveCount(0)
})
