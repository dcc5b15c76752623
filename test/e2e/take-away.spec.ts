import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { readWeightsMetadata } from '../../src/checkpoint/weights-metadata.ts'
import { bytesSource, readHeader } from '../../src/checkpoint/safetensors.ts'
import type { RunResult } from '../../src/config/result.ts'
import { inputToUrl } from '../../src/config/url.ts'
import type { Trace } from '../../src/schedule/trace.ts'
import { expectAccessible } from './axe.ts'
import { expect, test } from './pool.ts'
import { LOOKS, step, wear } from './readings.ts'
import { openTiny } from './tiny.ts'

const menu = (page: Page) => page.getByRole('dialog', { name: 'Take away' })
const openMenu = async (page: Page) => {
  await page.getByRole('button', { name: 'Take away', exact: true }).click()
  await expect(menu(page).getByRole('heading').first()).toBeVisible()
}

/** What a button of the menu saves. */
async function taken(page: Page, row: string, format: string): Promise<{ name: string; bytes: Buffer }> {
  const download = page.waitForEvent('download')
  await menu(page)
    .getByRole('button', { name: `${row}: ${format}`, exact: true })
    .click()
  const file = await download
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) }
}

/** Parsed by the browser's own XML parser: its root's name and every text element. */
const svgOf = (page: Page, svg: string) =>
  page.evaluate((source) => {
    const parsed = new DOMParser().parseFromString(source, 'image/svg+xml')
    const texts = [...parsed.querySelectorAll('text')].map((element) => element.textContent)
    return { root: parsed.documentElement.nodeName, texts }
  }, svg)

const spansOf = (bytes: Buffer) =>
  (JSON.parse(bytes.toString('utf8')) as Trace).traceEvents.flatMap((event) => (event.ph === 'X' ? [event] : []))

test('everything measured can be taken away while training goes on', async ({ page }) => {
  await openTiny(page, { parallel: { data: 4 } })
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect.poll(() => step(page), { timeout: 90_000 }).toBeGreaterThan(26)
  await openMenu(page)

  const result = await taken(page, 'Everything measured so far', 'JSON')
  expect(result.name).toBe('tabcluster-ddp-4-result.json')
  const { config, steps, ranks } = JSON.parse(result.bytes.toString('utf8')) as RunResult
  expect(config.parallel.data).toBe(4)
  expect(steps!.map((each) => each.step)).toEqual(steps!.map((_, i) => i))
  expect(steps!.length).toBeGreaterThan(26)
  expect(ranks!.map(({ peakBytes }) => peakBytes)).toEqual(ranks!.map(({ predictedBytes }) => predictedBytes))

  const table = (await taken(page, 'Training steps', 'CSV')).bytes.toString('utf8').trimEnd().split('\r\n')
  expect(table[0]).toMatch(/^step,loss,validationLoss/)
  expect(Number(table[5]!.split(',')[1])).toBe(steps![4]!.loss)
  expect(table.some((row) => Number(row.split(',')[2]) > 0)).toBe(true)
  expect(
    (await taken(page, 'Ranks: bytes and traffic', 'CSV')).bytes.toString('utf8').trimEnd().split('\r\n'),
  ).toHaveLength(5)

  const loss = await taken(page, 'Loss and validation', 'SVG')
  expect(loss.name).toBe('tabcluster-ddp-4-loss.svg')
  const chart = await svgOf(page, loss.bytes.toString('utf8'))
  expect(chart.root).toBe('svg')
  expect(chart.texts).toEqual(expect.arrayContaining(['Loss', 'train', 'validation', 'step']))
  const png = (await taken(page, 'Tokens per second', 'PNG')).bytes
  expect(png.subarray(1, 4).toString('latin1')).toBe('PNG')
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1600, 900])

  const executed = spansOf((await taken(page, 'Executed, measured', 'Perfetto')).bytes)
  expect(new Set(executed.map(({ pid }) => pid))).toEqual(new Set([0, 1, 2, 3]))
  expect(executed.some(({ cat, args }) => cat === 'communication' && (args?.bytes ?? 0) > 0)).toBe(true)
  expect((await svgOf(page, (await taken(page, 'Executed, measured', 'SVG')).bytes.toString('utf8'))).texts).toContain(
    'rank 3',
  )
  expect(spansOf((await taken(page, 'Ideal, in ticks', 'Perfetto')).bytes).length).toBeGreaterThan(4)

  const weights = await taken(page, 'Weights, Hugging Face names', 'safetensors')
  const header = await readHeader(bytesSource(weights.bytes))
  expect(header.entries.find(({ name }) => name === 'wte.weight')!.shape.at(-1)).toBe(32)
  expect(header.entries.some(({ name }) => name === 'h.1.attn.c_attn.weight')).toBe(true)
  // Enough to use them without this page.
  expect(readWeightsMetadata(header, 'weights')).toMatchObject({ model: { embed: 32 }, tokenizer: '{"kind":"byte"}' })
  await expect(page.getByTestId('take-away-status')).toHaveText('Saved tabcluster-ddp-4-weights.safetensors')

  const held = await step(page)
  await expect.poll(() => step(page)).toBeGreaterThan(held)
})

test('before a run only the ideal timeline is there, and the rest says why; keyboard opens and closes', async ({
  page,
}) => {
  await page.goto('/')
  await page.locator('header select').selectOption('zeroBubble')
  await page.getByRole('button', { name: 'Take away', exact: true }).focus()
  await page.keyboard.press('Enter')
  const json = menu(page).getByRole('button', { name: 'Everything measured so far: JSON' })
  await expect(json).toHaveAttribute('aria-disabled', 'true')
  await expect(json).toHaveAccessibleDescription('Nothing is measured yet: start a run.')
  const ideal = await taken(page, 'Ideal, in ticks', 'SVG')
  expect((await svgOf(page, ideal.bytes.toString('utf8'))).texts).toEqual(
    expect.arrayContaining(['rank 0', 'W0', 'Ideal timeline']),
  )
  await page.keyboard.press('Escape')
  await expect(menu(page)).toBeHidden()
})

test('a finished run keeps its result and its weights until the reset', async ({ page }) => {
  await openTiny(page, { steps: 3 })
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(page.getByTestId('state')).toHaveText('finished', { timeout: 90_000 })
  // After its ranks were released.
  await expect.poll(() => page.workers().filter((worker) => worker.url().includes('rank')).length).toBe(0)
  await openMenu(page)
  const { steps, parametersHash } = JSON.parse(
    (await taken(page, 'Everything measured so far', 'JSON')).bytes.toString('utf8'),
  ) as RunResult
  expect(steps).toHaveLength(3)
  expect(parametersHash).toMatch(/^[0-9a-f]{64}$/)
  const { bytes } = await taken(page, 'Weights, Hugging Face names', 'safetensors')
  expect((await readHeader(bytesSource(bytes))).entries.length).toBeGreaterThan(20)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Reset' }).click()
  await expect(page.getByTestId('state')).toHaveText('ready')
  await expect.poll(() => page.workers().filter((worker) => worker.url().includes('conductor')).length).toBe(0)
})

test('a simulated step: result, ranks and trace', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('button', { name: 'Simulate', exact: true }).click()
  await expect(page.getByText(/clocked in/)).toBeVisible()
  await openMenu(page)
  const result = await taken(page, 'The simulated step', 'JSON')
  expect(result.name).toBe('tabcluster-ddp-8-tp-8-1f1b-16-simulated-result.json')
  expect((JSON.parse(result.bytes.toString('utf8')) as RunResult).time!.stepSeconds).toBeGreaterThan(0)
  const rows = (await taken(page, 'Ranks: bytes, traffic, times', 'CSV')).bytes.toString('utf8').trimEnd().split('\r\n')
  expect(rows).toHaveLength(1025)
  expect(new Set(spansOf((await taken(page, 'Who does what when', 'Perfetto')).bytes).map(({ pid }) => pid)).size).toBe(
    16,
  )
})

test('what Simulate plots is taken as pictures: memory over the step, and the layouts once they were searched', async ({
  page,
}) => {
  await page.goto('/')
  await page.locator('header select').selectOption('ddp-h100/1')
  await expect(page.getByText(/clocked in/)).toBeVisible()
  await expect(page.getByRole('img', { name: /^Live bytes of/ })).toBeVisible()
  await openMenu(page)
  const memory = await taken(page, 'Memory over the step', 'SVG')
  expect(memory.name).toBe('tabcluster-ddp-2-simulated-memory.svg')
  const areas = await svgOf(page, memory.bytes.toString('utf8'))
  expect(areas.root).toBe('svg')
  expect(areas.texts).toEqual(expect.arrayContaining(['Memory over the step, virtual', 'optimizer', 'activations']))
  const png = (await taken(page, 'Memory over the step', 'PNG')).bytes
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1600, 900])
  const layouts = menu(page).getByRole('button', { name: 'The layouts that were clocked: SVG' })
  await expect(layouts).toHaveAccessibleDescription('Search the layouts first.')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Search', exact: true }).click()
  await expect(page.getByText(/Fastest first/)).toBeVisible({ timeout: 100_000 })
  await openMenu(page)
  const plot = await svgOf(page, (await taken(page, 'The layouts that were clocked', 'SVG')).bytes.toString('utf8'))
  expect(plot.texts).toEqual(expect.arrayContaining(['best for their memory', 'the present configuration']))
  const rows = (await taken(page, 'The layouts that were clocked', 'CSV')).bytes.toString('utf8').trimEnd()
  expect(rows.split('\r\n')[0]).toBe('layout,fullestBytes,bubble,stepSeconds,tokensPerSecond,mfu,isOnFront')
})

test('a comparison is taken as pictures: losses once trained, memory at once', async ({ page }) => {
  await page.goto(
    `/#compare=${await inputToUrl({
      pins: [1, 2].map((data) => ({
        model: { layers: 1, heads: 2, embed: 32, context: 16, vocab: 256 },
        batch: { global: 4, microbatches: 1, sequence: 16 },
        parallel: { data },
      })),
      steps: 3,
    })}`,
  )
  await expect(page.locator('tbody tr').first()).toBeVisible()
  await openMenu(page)
  await expect(menu(page).getByRole('button', { name: 'Losses: SVG' })).toHaveAccessibleDescription(
    'Nothing was trained yet.',
  )
  const bars = await svgOf(page, (await taken(page, 'Memory of the fullest device', 'SVG')).bytes.toString('utf8'))
  expect(bars.texts.filter((text) => /^[AB]: /.test(text ?? ''))).toHaveLength(2)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Train/ }).click()
  await expect(page.getByRole('img', { name: /^Loss of B/ })).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('button', { name: /^Train/ })).toBeVisible({ timeout: 60_000 })
  await openMenu(page)
  const losses = await svgOf(page, (await taken(page, 'Losses', 'SVG')).bytes.toString('utf8'))
  expect(losses.texts).toEqual(expect.arrayContaining(['Loss', 'A', 'B']))
})

test('axe finds nothing in the menu, and it fits a phone', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto('/')
  for (const look of LOOKS) {
    await wear(page, look)
    await page.getByRole('button', { name: look.language === 'EN' ? 'Take away' : '导出', exact: true }).click()
    await expect(page.getByTestId('take-away-status')).toBeVisible()
    const box = await page.getByRole('dialog').boundingBox()
    expect(box!.x).toBeGreaterThanOrEqual(0)
    expect(box!.x + box!.width).toBeLessThanOrEqual(390)
    await expectAccessible(page, `${look.language}, ${look.scheme}`)
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
  }
})
