import { expectAccessible } from './axe.ts'
import { expect, test } from './pool.ts'

test('a copied link shows the same elsewhere; undo works on what it brought', async ({ browser, context, page }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto('/')
  await page.locator('header select').selectOption('zeroBubble')
  await page.getByLabel('Micro-batches', { exact: true }).fill('6')
  await page.getByLabel('Micro-batches', { exact: true }).press('Enter')
  await page.getByRole('button', { name: 'Copy link' }).click()
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible()
  const link = await page.evaluate(() => navigator.clipboard.readText())
  expect(link).toContain('#run=1.')
  expect(page.url()).toBe(link)

  const other = await browser.newContext()
  const there = await other.newPage()
  await there.goto(link)
  await expect(there.getByLabel('Micro-batches', { exact: true })).toHaveValue('6')
  await expect(there.getByRole('button', { name: 'Pipeline', exact: true })).toHaveAttribute('aria-pressed', 'true')
  await there.locator('body').press('Control+z')
  await expect(there.getByRole('button', { name: 'One device', exact: true })).toHaveAttribute('aria-pressed', 'true')
  await expect.poll(() => there.url()).not.toContain('#')
  await there.locator('body').press('Control+Shift+z')
  await expect(there.getByLabel('Micro-batches', { exact: true })).toHaveValue('6')
  await expect.poll(() => there.url()).toBe(link)
  await other.close()
})

test('Simulate has a link of its own', async ({ page }) => {
  await page.goto('/#simulate')
  await expect(page.getByRole('button', { name: 'Simulate', exact: true })).toHaveAttribute('aria-pressed', 'true')
  await expect(page.getByRole('complementary', { name: 'Simulate' })).toBeVisible()
})

test('a hostile link gives a message and the defaults', async ({ page }) => {
  await page.goto('/#run=1.AAAA')
  const alert = page.locator('header').getByRole('alert')
  await expect(alert).toContainText('The link could not be used; the defaults are shown.')
  await expect(page.getByRole('button', { name: 'One device', exact: true })).toHaveAttribute('aria-pressed', 'true')
  await expectAccessible(page)
  await alert.getByRole('button', { name: 'Dismiss' }).click()
  await expect(alert).toHaveCount(0)
})
