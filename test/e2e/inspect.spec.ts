import { inputToUrl } from '../../src/config/url.ts'
import { expectAccessibleInEveryLook } from './axe.ts'
import { expect, test } from './pool.ts'

const DRAFT = {
  model: { layers: 2, heads: 2, embed: 32, context: 16, vocab: 256 },
  batch: { global: 4, microbatches: 1, sequence: 16 },
  parallel: { data: 2 },
}
const link = async () => `/#run=${await inputToUrl(DRAFT)}`

test('a device, its bucket and the tensors in it explain themselves, with the numbers filled in', async ({ page }) => {
  await page.goto(await link())
  await page.getByRole('button', { name: 'rank 1' }).click()
  const panel = page.getByRole('region', { name: 'What this is' })
  await expect(panel.getByRole('heading', { name: 'What this is' })).toBeFocused()
  await expect(panel).toContainText('A device and all it holds')
  await expect(panel.getByTestId('formula-numbers').first()).toContainText(/^= 4 · [\d ]+ = [\d ]+/)
  await expect(panel.getByTestId('formula-numbers').last()).toContainText(/^= ([\d ]+ \+ )+[\d ]+ = [\d ]+/)
  await panel.getByText('Exchanges of a step').click()
  await panel.getByRole('button', { name: /ALL_REDUCE:bucket 0/ }).click()
  await expect(panel.getByRole('heading', { name: 'What this is' })).toBeFocused()
  await expect(panel).toContainText('2 · (n − 1) / n · S')
  // Half of a ring's all-reduce of n = 2: what is sent is the bucket once.
  const numbers = await panel.getByTestId('formula-numbers').innerText()
  const [, whole] = numbers.match(/2 · \(2 − 1\) \/ 2 · ([\d ]+) =/)!
  expect(numbers).toContain(`= ${whole}`)
  await panel.getByRole('button', { name: 'grad:h.0.mlp.c_fc.weight' }).click()
  await expect(panel).toContainText('32 × 128')
  await expect(panel).toContainText('C · F · 4')
  await expect(panel.getByTestId('formula-numbers')).toContainText(`= 32 · 128 · 4 = 16 384`)
  await panel.getByRole('button', { name: '← Back' }).click()
  await expect(panel).toContainText('bucket 0')
  await expect(panel.getByRole('heading', { name: 'What this is' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(panel).toBeHidden()
  await expect(page.getByRole('button', { name: 'rank 1' })).toBeFocused()
})

test('nano-llama is chosen in the panel, trains, and shows its key and value heads', async ({ page }) => {
  const { model: _, ...rest } = DRAFT
  await page.goto(`/#run=${await inputToUrl({ ...rest, model: { preset: 'nano-llama', layers: 1 } })}`)
  await page.locator('summary', { hasText: 'Model' }).click()
  const heads = page.getByLabel('Key/value heads')
  await expect(page.getByLabel('Family')).toHaveValue('LLaMA')
  await expect(heads).toHaveValue('2')
  await page.getByLabel('Family').selectOption('GPT-2')
  await expect(heads).toBeHidden()
  await page.locator('#model-preset').selectOption('nano-llama')
  await expect(heads).toHaveValue('2')
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(page.getByTestId('step')).toContainText(/step [1-9]/, { timeout: 90_000 })
  await page.getByRole('button', { name: 'Pause' }).click()
  await expect(page.getByTestId('state')).toHaveText('paused')
  await page.getByRole('button', { name: 'rank 1' }).click()
  const panel = page.getByRole('region', { name: 'What this is' })
  await panel.locator('summary', { hasText: /^Parameters/ }).click()
  await panel.getByRole('button', { name: 'param:model.layers.0.self_attn.k_proj.weight' }).click()
  await expect(panel).toContainText('KV · HS · C · 4')
  await expect(panel.getByTestId('formula-numbers')).toContainText('= 2 · 16 · 64 · 4 = 8 192')
})

test('a cell of the schedule is its ops; an executed cell is one; keys alone reach both', async ({ page }) => {
  await page.goto(await link())
  const canvas = page.getByRole('img', { name: /^Timeline/ })
  await canvas.focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  const panel = page.getByRole('region', { name: 'What this is' })
  await expect(panel).toContainText('Micro-batch 0 through stage 0: forward.')
  await expect(panel).toContainText('2 · (2 · B · T · F · C + 2 · B · T · C · F)')
  await panel.getByRole('button', { name: '0F0:h.1.mlp', exact: true }).click()
  await expect(panel).toContainText('Floating-point operations2 · B · T · F · C + 2 · B · T · C · F')
  await panel.getByRole('button', { name: 'Close' }).click()

  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(page.getByTestId('step')).toContainText(/step [1-9]/, { timeout: 90_000 })
  await page.getByRole('button', { name: 'Pause' }).click()
  await expect(page.getByTestId('state')).toHaveText('paused')
  await page.getByRole('button', { name: 'executed' }).click()
  await page.getByRole('region', { name: 'Timeline' }).getByRole('button', { name: 'Table' }).click()
  await page
    .getByRole('button', { name: /^step$/ })
    .first()
    .click()
  await expect(panel).toContainText('Updates parameters')
  await expect(panel).toContainText('η = 0.001')
  await expect(panel).toContainText(/took in the latest step measured[\d.]+.(ms|µs|s)/)
  await panel.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('button', { name: 'rank 0' }).click()
  await expect(panel).toContainText('peak measured')
})

test('axe finds nothing in an explanation', async ({ page }) => {
  await page.goto(await link())
  await page.getByRole('button', { name: 'rank 0' }).click()
  const lists = page.locator('section', { has: page.getByRole('heading', { name: 'rank 0' }) }).locator('summary')
  await expect(lists.first()).toBeVisible()
  for (const each of await lists.all()) await each.click()
  await expectAccessibleInEveryLook(page)
})

test('on a phone an explanation is a sheet that fits', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(await link())
  await page.getByRole('button', { name: 'rank 0' }).click()
  await expect(page.getByRole('region', { name: 'What this is' })).toBeInViewport()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
})
