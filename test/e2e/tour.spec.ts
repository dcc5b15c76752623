import type { Page } from '@playwright/test'
import { expectAccessible } from './axe.ts'
import { expect, test } from './pool.ts'

const dialog = (page: Page) => page.locator('[role=dialog][aria-describedby=tour-body]')
const invitation = (page: Page) => page.getByRole('note', { name: 'Tour' })

test('the first visit offers a tour; it is left, resumed after a reload, finished, and not offered again', async ({
  page,
}) => {
  await page.goto('/')
  await invitation(page).getByRole('button', { name: 'Show me around' }).click()
  await expect(dialog(page)).toContainText('Step 1 of 8')
  await expect(page.locator('[data-ringed]')).toHaveCount(1)
  // Beside the strategies, not over the parameters below them.
  const [step, ringed] = [await dialog(page).boundingBox(), await page.locator('[data-ringed]').boundingBox()]
  expect(step!.x).toBeGreaterThanOrEqual(ringed!.x + ringed!.width)
  await expect(invitation(page)).toHaveCount(0)
  await dialog(page).getByRole('button', { name: 'Next' }).click()
  await dialog(page).getByRole('button', { name: 'Next' }).click()
  await expect(dialog(page)).toContainText('Every device and its memory')
  await page.keyboard.press('Escape')
  await expect(dialog(page)).toHaveCount(0)
  await expect(page.locator('[data-ringed]')).toHaveCount(0)

  await page.reload()
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeVisible()
  await expect(invitation(page)).toHaveCount(0)
  await page.keyboard.press('?')
  await page.getByRole('button', { name: 'Go on with the tour (step 3 of 8)' }).click()
  for (const title of [
    'Every device',
    'Who does what',
    'It learns',
    'Stop the clock',
    'Clusters nobody',
    'Take it along',
  ]) {
    await expect(dialog(page)).toContainText(title)
    await dialog(page)
      .getByRole('button', { name: /^(Next|Done)$/ })
      .click()
  }
  await expect(dialog(page)).toHaveCount(0)
  await page.reload()
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeVisible()
  await expect(invitation(page)).toHaveCount(0)
})

test('by keys alone; a start is followed; axe finds nothing', async ({ page }) => {
  await page.goto('/')
  await invitation(page).getByRole('button', { name: 'Show me around' }).focus()
  await page.keyboard.press('Enter')
  await expect(dialog(page).getByRole('button', { name: 'Next' })).toBeFocused()
  await expectAccessible(page)
  await page.keyboard.press('ArrowRight')
  await expect(dialog(page)).toContainText('Train for real')
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(dialog(page)).toContainText('Every device and its memory')
  await page.keyboard.press('ArrowLeft')
  await expect(dialog(page)).toContainText('Train for real')
  await page.keyboard.press('Escape')
  await expect(dialog(page)).toHaveCount(0)
})

test('declined, it is not offered again; on a phone it fits', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto('/')
  await invitation(page).getByRole('button', { name: 'Not now' }).click()
  await expect(invitation(page)).toHaveCount(0)
  await page.reload()
  await page.getByRole('button', { name: 'Start', exact: true }).waitFor()
  await expect(invitation(page)).toHaveCount(0)
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click()
  await page.getByRole('button', { name: 'Show me around' }).click()
  for (let step = 1; step < 8; step++) {
    await expect(dialog(page)).toContainText(`Step ${step} of 8`)
    const box = (await dialog(page).boundingBox())!
    expect(box.x).toBeGreaterThanOrEqual(0)
    expect(box.x + box.width).toBeLessThanOrEqual(390)
    await page.keyboard.press('ArrowRight')
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
})
