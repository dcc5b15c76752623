import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from '@playwright/test'
import { inputToUrl } from '../../src/config/url.ts'
import { expect, test } from './pool.ts'

const start = (page: Page) => page.getByRole('button', { name: 'Start', exact: true })
const section = (page: Page, name: string) => page.locator('summary').filter({ hasText: name }).first()

test('the panel says what a run is made of: weights and text stay what was chosen, and a link that names others starts nothing', async ({
  page,
}) => {
  await page.goto('/')
  await section(page, 'Model').click()
  await page.locator('#weights').setInputFiles({ name: 'mine.safetensors', mimeType: '', buffer: Buffer.from('x') })
  await page.getByRole('button', { name: 'Compare', exact: true }).click()
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(section(page, 'Model')).toContainText('mine.safetensors')
  await section(page, 'Model').click()
  await expect(page.getByTestId('weights')).toHaveText('mine.safetensors')
  await expect.poll(() => page.url()).toContain('weights=mine.safetensors')

  await section(page, 'Data').click()
  const text = { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('first '.repeat(500)) }
  await page.locator('#own-text').setInputFiles(text)
  await expect(page.getByRole('button', { name: 'a.txt' })).toBeVisible()
  await expect(start(page)).toHaveAttribute('aria-disabled', 'false')

  // A link names b.txt and random weights: neither a.txt nor the file of weights is what it means.
  const link = await inputToUrl({ data: { text: 'b.txt' } })
  await page.evaluate((hash) => void (location.hash = hash), `#run=${link}`)
  await expect(page.getByRole('button', { name: 'b.txt' })).toBeVisible()
  await expect(page.getByText('"b.txt" was not chosen on this page; choose the file')).toBeVisible()
  await expect(start(page)).toHaveAttribute('aria-disabled', 'true')
  await expect(page.getByTestId('weights')).toHaveText('random weights')
  await page.locator('#own-text').setInputFiles({ ...text, name: 'b.txt' })
  await expect(start(page)).toHaveAttribute('aria-disabled', 'false')
  await page.getByRole('button', { name: 'Back to the default: own text…' }).click()
  await expect(page.getByRole('button', { name: 'Choose a text file' })).toBeVisible()
})

test('weights come from an address that the user gives; one that cannot be read says so', async ({ page }) => {
  const server = createServer((_, response) =>
    response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end('weights'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await page.goto('/')
  await section(page, 'Model').click()
  await page.getByPlaceholder('https://… .safetensors').fill(`${address}/far.safetensors`)
  await page.getByRole('button', { name: 'Download', exact: true }).click()
  await expect(page.getByTestId('weights')).toHaveText('far.safetensors')
  server.close()
  server.closeAllConnections()
  await page.getByRole('button', { name: 'Download', exact: true }).click()
  await expect(page.getByText('cannot be read: there is no such server')).toBeVisible()
  await expect(page.getByTestId('weights')).toHaveText('far.safetensors')
})

test('an adapter that this browser lacks is named with those it has, before anything starts', async ({ page }) => {
  await page.addInitScript(() => {
    const request = GPU.prototype.requestAdapter
    GPU.prototype.requestAdapter = function (options) {
      return options?.forceFallbackAdapter ? Promise.resolve(null) : request.call(this, options)
    }
  })
  await page.goto(
    `/#run=${await inputToUrl({ parallel: { data: 2 }, cluster: { adapters: ['fallback', 'fallback'] } })}`,
  )
  await expect(
    page.getByText('this browser has no fallback adapter; it has default, high-performance, low-power'),
  ).toBeVisible()
  await expect(start(page)).toHaveAttribute('aria-disabled', 'true')
})
