import AxeBuilder from '@axe-core/playwright'
import { expect, test } from '@playwright/test'
import type { Page } from '@playwright/test'

async function goesToSimulate(page: Page): Promise<void> {
  await page.getByRole('alert').getByRole('button', { name: 'Simulate any cluster instead' }).click()
  await expect(page.getByText(/clocked in/)).toBeVisible()
}

test('without WebGPU the page says how to get it, and simulates', async ({ page }) => {
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'gpu'))
  await page.goto('/')
  await expect(page.getByRole('alert')).toContainText('This browser has no WebGPU')
  await expect(page.getByRole('alert')).toContainText('use Chrome or Edge 113+')
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
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
  await page.getByRole('button', { name: 'dark' }).click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await page.getByRole('button', { name: '中文' }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-Hans')
  expect(errors).toEqual([])
})
