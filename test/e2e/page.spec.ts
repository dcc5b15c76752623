import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { expectAccessible } from './axe.ts'
import { expect, test } from './pool.ts'
import { chooseTheme, heldStep, loss, step } from './readings.ts'
import { TINY, openTiny } from './tiny.ts'

/** Four stages of a block each. */
const FOUR = { ...TINY.model, layers: 4 }
const ZERO_BUBBLE = {
  model: FOUR,
  batch: { global: 8, microbatches: 8, sequence: 16 },
  parallel: { pipeline: 4, schedule: 'zb-h1' },
}

async function smallModel(page: Page): Promise<void> {
  await page.getByText('Model', { exact: false }).first().click()
  await page.getByLabel('Layers').fill('2')
  await page.getByLabel('Layers').press('Enter')
}

test('one click trains: the loss falls by a third; pause, step, resume, generate', async ({ page }) => {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto('/')
  await expect(page.getByText('rank 0')).toBeVisible()
  await expect(page.getByText('peak', { exact: true }).first()).toBeVisible()
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(1)
  const first = await loss(page)
  await expect.poll(() => loss(page), { timeout: 110_000, intervals: [500] }).toBeLessThan((first * 2) / 3)
  await page.getByRole('button', { name: 'Pause' }).click()
  await expect(page.getByTestId('state')).toHaveText('paused')
  await page.getByRole('button', { name: 'Step one step' }).click()
  await expect(page.getByTestId('state')).toHaveText('paused')
  const held = await heldStep(page)
  await page.getByRole('button', { name: 'Step one step' }).click()
  await expect.poll(() => step(page)).toBe(held + 1)
  await page.getByRole('button', { name: 'Generate' }).click()
  await expect(page.getByTestId('sample')).toContainText(/ein kleiner Hund sieht die Katze >\s+\S/)
  await expect(page.getByRole('button', { name: 'Generate' })).toBeEnabled()
  await page.getByRole('button', { name: 'Resume' }).click()
  await expect.poll(() => step(page)).toBeGreaterThan(held + 2)
  await page.getByRole('button', { name: 'Reset' }).click()
  await expect(page.getByTestId('state')).toHaveText('ready')
  expect(errors).toEqual([])
})

test('a cluster of workers: DDP on 4 devices is the same training as one', async ({ page }) => {
  await openTiny(page, { parallel: { data: 4 } })
  await expect(page.getByText('rank 3', { exact: true })).toBeVisible()
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(2)
  await page.getByRole('button', { name: 'Reset' }).click()
  await page.getByRole('button', { name: 'Compare with one device' }).click()
  await expect(page.getByText(/same gradients as one device: .*✓/)).toBeVisible({ timeout: 90_000 })
})

test('a pipeline: the ideal timeline is there at once, the executed one after a step', async ({ page }) => {
  await openTiny(page, ZERO_BUBBLE)
  await expect(page.getByText(/bubble [\d.]+/)).toBeVisible()
  await page.getByRole('region', { name: 'Timeline' }).getByRole('button', { name: 'Table' }).click()
  await expect(page.getByRole('cell', { name: 'W7' }).first()).toBeVisible()
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(0)
  await page.getByRole('button', { name: 'executed' }).click()
  await expect(page.getByText('contended').first()).toBeVisible()
  // From pause the ranks go on tick by tick and op by op, and stand still again.
  await page.getByRole('button', { name: 'Pause' }).click()
  await expect(page.getByTestId('state')).toHaveText('paused')
  for (const what of ['tick', 'tick', 'op']) {
    await page.getByRole('button', { name: `Step one ${what}` }).click()
    await expect(page.getByTestId('state')).toHaveText('paused')
  }
  const held = await step(page)
  await page.getByRole('button', { name: 'Resume' }).click()
  await expect.poll(() => step(page), { timeout: 60_000 }).toBeGreaterThan(held)
})

test('slow motion: the ranks walk through the schedule tick by tick; full speed again trains on', async ({ page }) => {
  await openTiny(page, ZERO_BUBBLE)
  await page.getByRole('button', { name: '5/s' }).click()
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(page.getByText('where the rank is')).toBeVisible({ timeout: 60_000 })
  const where = () => page.getByTestId('op').allTextContents()
  const seen = new Set<string>()
  // Each rank stands at one op a fifth of a second long: enough to be read.
  await expect
    .poll(async () => seen.add((await where()).join(' ')).size, { timeout: 60_000, intervals: [200] })
    .toBeGreaterThan(5)
  await page.keyboard.press('>')
  await expect(page.getByRole('button', { name: 'full', exact: true })).toHaveAttribute('aria-pressed', 'true')
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(2)
  // Steps that were held count as no speed.
  await expect(page.getByText(/tokens\/s measured/)).toBeVisible()
})

test('a run begins with one op, and a finished model still speaks', async ({ page }) => {
  await openTiny(page, { steps: 2, model: { ...TINY.model, context: 64 }, parallel: { data: 2 } })
  await page.getByRole('button', { name: 'Step one op' }).click()
  await expect(page.getByTestId('state')).toHaveText('paused', { timeout: 90_000 })
  await page.getByRole('button', { name: 'Step one op' }).click()
  await expect(page.getByTestId('op').first()).not.toHaveText('idle')
  await page.getByRole('button', { name: 'Resume' }).click()
  await expect(page.getByTestId('state')).toHaveText('finished', { timeout: 90_000 })
  await page.getByRole('button', { name: 'Generate' }).click()
  await expect(page.getByTestId('sample')).toContainText(/ein kleiner Hund sieht die Katze >[\s\S]{3,}/, {
    timeout: 60_000,
  })
})

test('the links of a ring close, and say what they carry', async ({ page }) => {
  await openTiny(page, { parallel: { data: 4 } })
  await expect(page.getByTestId('links-now')).toHaveText(/nothing on the links/)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(page.getByTestId('links-now')).toContainText(/gradients [\d.]+\s[kM]B/, { timeout: 90_000 })
  await expect(page.getByTestId('links-now')).toContainText('0 ← 3')
})

test('a budget that is too small is an out-of-memory beside its field, and nothing runs', async ({ page }) => {
  await page.goto('/')
  await page.locator('summary').filter({ hasText: 'Devices' }).click()
  await page.getByLabel('Memory budget').fill('1')
  await page.getByLabel('Memory budget').press('Enter')
  await expect(page.getByRole('alert').filter({ hasText: 'budget' }).first()).toContainText(/rank 0 needs [\d.]+ MB/)
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toHaveAttribute('aria-disabled', 'true')
})

test('an invalid combination is explained beside its control', async ({ page }) => {
  await page.goto('/')
  await smallModel(page)
  await page.getByLabel('Heads').fill('5')
  await page.getByLabel('Heads').press('Enter')
  await expect(page.getByText('5 does not divide model.embed')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /Back to the default: Heads/ }).click()
  await expect(page.getByText('5 does not divide')).toBeHidden()
})

test('without WebGPU the page still predicts and says how to enable it', async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }))
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'gpu'))
  await page.goto('/')
  await expect(page.getByText('This browser has no WebGPU')).toBeVisible()
  await expect(page.getByText('peak', { exact: true }).first()).toBeVisible()
  await page.getByRole('button', { name: 'Simulate any cluster instead' }).click()
  await expect(page.getByRole('img', { name: /^stage 7: parameters .*GB/ })).toBeVisible()
})

test('a system that goes dark while the page is first drawn is followed', async ({ page }) => {
  await page.addInitScript(() => {
    const real = window.matchMedia.bind(window)
    let asked = 0
    window.matchMedia = (query) => {
      const list = real(query)
      // The first answer is from before the change; nothing tells of the change itself.
      if (query.includes('dark')) Object.defineProperty(list, 'matches', { value: asked++ > 0 })
      return list
    }
  })
  await page.goto('/')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark', { timeout: 10_000 })
})

test('axe finds nothing, in either theme and language', async ({ page }) => {
  await page.goto('/')
  for (const theme of ['light', 'dark'] as const)
    for (const language of ['EN', '中文']) {
      await page.getByRole('button', { name: language, exact: true }).click()
      await chooseTheme(page, theme)
      await expect(page.locator('html')).toHaveAttribute('data-theme', theme)
      await expectAccessible(page, `${theme}, ${language}`)
    }
})

test('keyboard: shortcuts list, start and pause', async ({ page }) => {
  await openTiny(page)
  // A key has no patience: planned, and an adapter found.
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeEnabled()
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog')).toContainText('One training step')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await page.keyboard.press(' ')
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(0)
  await page.keyboard.press(' ')
  await expect(page.getByTestId('state')).toHaveText(/pausing|paused/)
})

test('phone and laptop: nothing is wider than the screen', async ({ page }) => {
  for (const viewport of [
    { width: 390, height: 844 },
    { width: 1280, height: 720 },
  ]) {
    await page.setViewportSize(viewport)
    await page.goto('/')
    await expect(page.getByText('rank 0')).toBeVisible()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width)
  }
})

test('inference is measured under the same layout', async ({ page }) => {
  const batch = { global: 4, microbatches: 4, sequence: 16 }
  await openTiny(page, { model: FOUR, batch, parallel: { pipeline: 4, schedule: 'gpipe' } })
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(0)
  await page.getByRole('button', { name: 'Measure inference' }).click()
  await expect(page.getByTestId('inference').getByRole('row')).toHaveCount(5)
  await expect(page.getByText('7 ticks')).toBeVisible()
})

test('weights are saved, and a run starts from them', async ({ page }) => {
  await openTiny(page)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(0)
  await expect.poll(() => loss(page), { timeout: 90_000 }).toBeLessThan(5)
  await page.getByRole('button', { name: 'Pause' }).click()
  await expect(page.getByTestId('state')).toHaveText('paused')
  const reached = await loss(page)
  // Pausing may stop between two ops: the weights are taken at the end of the step.
  await page.getByRole('button', { name: 'Step one step' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Take away' }).click()
  await page.getByRole('button', { name: 'Weights, Hugging Face names: safetensors' }).click()
  const path = await (await download).path()
  await page.getByRole('button', { name: 'Reset' }).click()
  await page.getByText('Model', { exact: false }).first().click()
  await page
    .locator('#weights')
    .setInputFiles({ name: 'model.safetensors', mimeType: 'application/octet-stream', buffer: readFileSync(path) })
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(0)
  // Without the file it would start near ln 256 again.
  await expect.poll(() => loss(page)).toBeLessThan(reached + 0.3)
  expect(reached).toBeLessThan(5.2)
})
