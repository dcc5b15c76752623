import type { Page } from '@playwright/test'
import { inputToUrl } from '../../src/config/url.ts'
import { expectAccessible, expectAccessibleInEveryLook } from './axe.ts'
import { expect, test } from './pool.ts'

async function openSimulate(page: Page): Promise<void> {
  await page.goto('/')
  await page.getByRole('button', { name: 'Simulate', exact: true }).click()
  await expect(page.getByText(/clocked in/)).toBeVisible()
}

const figure = (page: Page, name: string) => page.locator('dl > div', { hasText: name }).locator('dd')

test('any cluster at once: a control moves, memory and time follow; a refusal stands beside its field', async ({
  page,
}) => {
  await openSimulate(page)
  await expect(figure(page, 'devices')).toHaveText('1,024')
  const nodes = page.getByRole('region', { name: 'The cluster' }).getByRole('listitem')
  await expect(nodes).toHaveCount(16)
  await expect(figure(page, 'devices').locator('.predicted, .virtual')).toHaveCount(0)
  // Neither a line of the stages is cut, nor a node's title broken.
  const cut = await page.locator('main li, main li span').evaluateAll(
    (all) =>
      all.filter((each) => {
        const list = each.closest('[role=region]')
        return list !== null && each.getBoundingClientRect().bottom > list.getBoundingClientRect().bottom + 1
      }).length,
  )
  expect(cut).toBe(0)
  const heights = await nodes.evaluateAll((all) => all.map((each) => each.getBoundingClientRect().height))
  expect(new Set(heights.map(Math.round)).size).toBe(1)
  await expect(nodes.first()).toContainText('8 × a node with stages 0; its fullest device needs 36.5')
  const stages = page.getByRole('spinbutton', { name: 'Stages' })
  await stages.fill('8')
  await stages.press('Enter')
  await expect(figure(page, 'devices')).toHaveText('512')
  await expect(page.getByRole('img', { name: /^stage 7: parameters .*GB/ })).toBeVisible()
  const shards = page.getByRole('spinbutton', { name: 'Tensor shards' })
  await shards.fill('7')
  await shards.press('Enter')
  await expect(page.getByRole('alert')).toContainText('7 does not divide model.heads')
  await shards.fill('8')
  await shards.press('Enter')
  await expect(page.getByRole('alert')).toHaveCount(0)
})

test('refused, the controls show the draft, and the reason stands above the figures of the one before', async ({
  page,
}) => {
  await openSimulate(page)
  await page.locator('header select').selectOption('llama-naive/0')
  const refusal = page.getByTestId('refusal')
  await expect(refusal).toContainText('Out of memory')
  await expect(refusal).toContainText(/rank 0 needs .* GB at op \d+, mostly/)
  await expect(refusal).toContainText('The figures below are those of the configuration before it.')
  await expect(refusal).toBeInViewport()
  await expect(page.getByRole('spinbutton', { name: 'Replicas' })).toHaveValue('1')
  await expect(page.getByRole('spinbutton', { name: 'Tensor shards' })).toHaveValue('1')
  await expect(page.getByLabel('Device', { exact: true })).toHaveValue('v100-32gb')
  await expect(page.getByTestId('this-device')).toHaveCount(0)
  await expectAccessible(page)
  await refusal.getByRole('button', { name: 'Search the layouts' }).click()
  await expect(page.getByRole('region', { name: 'Search the layouts' }).first()).toBeFocused()
  await page.getByRole('button', { name: 'Cancel', exact: true }).click()
  await page.getByRole('button', { name: 'Back to the default: Memory budget, GB' }).click()
  await expect(refusal).toHaveCount(0)
})

test('more than a device holds is said first, and leads to the layouts that fit', async ({ page }) => {
  await openSimulate(page)
  await expect(page.getByTestId('over-capacity')).toHaveCount(0)
  await page.getByLabel('Device', { exact: true }).selectOption('t4')
  const over = page.getByTestId('over-capacity')
  await expect(over).toContainText(/Stage 0 needs 36\.5.GB; a t4 holds 16\.0.GB: this would not run\./)
  await expect(over).toBeInViewport()
  await over.getByRole('button', { name: 'Search the layouts' }).click()
  await expect(page.getByRole('button', { name: 'Cancel', exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Cancel', exact: true }).click()
})

test('whatever a configuration says can be set: folded to a line, opened by a refusal, reset field by field', async ({
  page,
}) => {
  await openSimulate(page)
  const line = (name: string) => page.locator('aside summary', { hasText: name })
  const step = figure(page, 'step')
  const before = await step.textContent()
  const links = page.getByRole('table', { name: /On the links in a step/ })
  const carried = await links.textContent()
  await expect(line('Gradient exchange')).toHaveText('Gradient exchange DDP')
  await expect(page.getByLabel('Compression', { exact: true })).toBeHidden()
  await line('Gradient exchange').click()
  await page.getByLabel('Compression', { exact: true }).selectOption('int8')
  await expect(line('Gradient exchange')).toHaveText('Gradient exchange DDP, int8')
  // What replicas exchange hides behind the backward: it is seen on the links.
  await expect(links).not.toHaveText(carried ?? '')
  await page.getByRole('button', { name: 'Back to the default: Compression' }).click()
  await expect(links).toHaveText(carried ?? '')
  await line('Gradient exchange').click()

  // Fields of FSDP come with it.
  await expect(page.getByLabel('Offload to the CPU')).toHaveCount(0)
  await page.getByLabel('ZeRO stage').selectOption({ label: '3: + parameters' })
  await page.getByRole('checkbox', { name: 'Offload to the CPU' }).check()
  await expect(step).not.toHaveText(before ?? '')
  await page.getByRole('button', { name: 'Back to the default: ZeRO stage' }).click()
  await expect(page.getByRole('alert')).toContainText('true needs parallel.zero 3, not 0')
  await page.getByRole('checkbox', { name: 'Offload to the CPU' }).uncheck()
  await expect(page.getByRole('alert')).toHaveCount(0)

  await line('Network').click()
  await page.getByRole('spinbutton', { name: 'Slow rank' }).fill('5')
  await page.getByRole('spinbutton', { name: 'Slow rank' }).press('Enter')
  await expect(line('Network')).toHaveText('Network, slow rank rank 5 × 2')
  await expect(page.getByRole('spinbutton', { name: 'Times slower' })).toHaveValue('2')
  await expect(step).not.toHaveText(before ?? '')

  // A closed group opens where it is refused.
  await line('Shape').click()
  await page.getByRole('spinbutton', { name: 'Heads' }).fill('7')
  await page.getByRole('spinbutton', { name: 'Heads' }).press('Enter')
  await expect(page.getByRole('alert')).toContainText('7 does not divide model.embed')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('alert')).toHaveCount(0)
  await line('Shape').click()
  await expect(page.getByRole('spinbutton', { name: 'Heads' })).toBeHidden()
  await page.getByRole('button', { name: 'Redo' }).click()
  await expect(page.getByRole('spinbutton', { name: 'Heads' })).toHaveValue('7')
  await expect(page.getByRole('spinbutton', { name: 'Heads' })).toBeVisible()
  // A preset is a shape as a whole.
  await page.getByLabel('Model', { exact: true }).selectOption('gpt3-13b')
  await expect(line('Shape')).toHaveText('Shape 40 × 5,120')
})

test('options are words in either language, names and ids stay', async ({ page }) => {
  await openSimulate(page)
  const options = (label: string) => page.getByLabel(label, { exact: true }).locator('option').allTextContents()
  expect((await options('Schedule')).slice(0, 5)).toEqual(['naive', 'GPipe', '1F1B', 'interleaved 1F1B', 'ZB-H1'])
  expect(await options('Recompute')).toEqual(['none', 'attention only', 'full'])
  expect((await options('Device')).slice(0, 2)).toEqual(['this device', 'v100-16gb'])
  await page.getByRole('button', { name: '中文', exact: true }).click()
  for (const label of ['重计算', '设备', '精度', '划分方式', 'ZeRO 阶段'])
    for (const option of await options(label))
      expect(option).not.toMatch(/none|full|selective|this|even|balanced|optimizer/)
  expect(await options('调度')).toEqual(expect.arrayContaining(['GPipe', '1F1B', 'ZB-H1']))
})

test('memory over the step: of any stage, with its table', async ({ page }) => {
  await openSimulate(page)
  const chart = (stage: number) =>
    page.getByRole('img', { name: `Live bytes of stage ${stage}, rank ${64 * stage} by category` })
  await expect(chart(0)).toBeVisible()
  await page.getByRole('combobox', { name: /^Of\b/ }).selectOption({ index: 15 })
  await expect(chart(15)).toBeVisible()
  await page
    .locator('details', {
      has: page.getByRole('region', { name: 'Memory over the step, virtual: Table', includeHidden: true }),
    })
    .locator('summary')
    .click()
  await expect(
    page
      .getByRole('region', { name: 'Memory over the step, virtual: Table' })
      .getByRole('columnheader', { name: 'activations' }),
  ).toBeVisible()
})

test('failures: what they leave of the speed, with the best interval, on the link and on larger clusters', async ({
  page,
}) => {
  await openSimulate(page)
  await page.getByText('Failures, checkpoints').click()
  await page.getByRole('checkbox', { name: 'Simulate failures' }).check()
  const failures = page.getByRole('region', { name: 'What failures leave of it, virtual' })
  await expect(failures).toContainText('One of 1,024 devices fails every 7')
  await expect(failures.getByRole('img', { name: /best near .* training that counts/ })).toBeVisible()
  const before = await failures.locator('strong').textContent()
  const hours = page.getByLabel('Hours between failures, a device')
  await hours.fill('800')
  await hours.press('Enter')
  await expect(failures.locator('strong')).not.toHaveText(before!)
  const shares = await failures.locator('tbody tr td:nth-child(3)').allTextContents()
  expect(shares).toHaveLength(8)
  const numbers = shares.map((each) => Number.parseFloat(each))
  expect(numbers).toEqual(numbers.toSorted((a, b) => b - a))
  await page.reload()
  await expect(failures).toContainText('One of 1,024 devices fails every')
  await expect(failures.locator('tbody tr td:nth-child(3)').first()).toHaveText(shares[0]!)
  await expectAccessible(page)
  await page.getByText('Failures, checkpoints').click()
  await page.getByRole('checkbox', { name: 'Simulate failures' }).uncheck()
  await expect(failures).toHaveCount(0)
})

test('the planner searches with progress, is cancelled, finds, and its layout can be used', async ({ page }) => {
  await openSimulate(page)
  const search = page.getByRole('region', { name: 'Search the layouts' }).first()
  await search.getByRole('button', { name: 'Search' }).click()
  await search.getByRole('button', { name: 'Cancel' }).click()
  await expect(search.getByRole('button', { name: 'Search' })).toBeVisible()
  await page.locator('header select').selectOption('ddp-h100/1')
  await page.getByRole('spinbutton', { name: 'Replicas' }).fill('8')
  await page.getByRole('spinbutton', { name: 'Replicas' }).press('Enter')
  await expect(figure(page, 'devices')).toHaveText('8')
  await search.getByRole('button', { name: 'Search' }).click()
  await expect(search.getByText(/Fastest first/)).toBeVisible({ timeout: 100_000 })
  // The plot has a sign for every layout clocked, and one for the configuration on screen.
  const signs = search.locator('.recharts-symbols')
  const clocked = Number(/(\d+) clocked/.exec((await search.getByText(/Fastest first/).textContent()) ?? '')![1])
  await expect(signs).toHaveCount(clocked + 1)
  await expect(search.getByRole('img', { name: `${clocked} layouts` })).toBeVisible()
  // Behind it a table of all of them, on request; every number says what it is.
  const ranking = search.getByRole('region', { name: 'Search the layouts: Table' }).locator('tbody tr')
  await expect(ranking).toHaveCount(12)
  await search.getByRole('button', { name: `Show all ${clocked}` }).click()
  await expect(ranking).toHaveCount(clocked)
  await expect(ranking.first().locator('td .predicted')).toHaveCount(2)
  await expect(ranking.first().locator('td .virtual')).toHaveCount(3)
  await search.getByRole('button', { name: 'Show the first 12' }).click()
  await expect(ranking).toHaveCount(12)
  await expect(search.locator('p .virtual').first()).toHaveText(/^[\d.]+.[kM] tokens\/s$/)
  await search
    .getByRole('button', { name: /^Use: / })
    .first()
    .click()
  await expect(page.getByText(/clocked in/)).toBeVisible()
})

test('this device is measured, and its own times replace the assumption', async ({ page }) => {
  const draft = {
    model: { layers: 1, heads: 2, embed: 32, context: 16, vocab: 256 },
    batch: { global: 4, sequence: 16 },
    parallel: { data: 2 },
  }
  await page.goto(`/#simulate=${await inputToUrl(draft)}`)
  await expect(page.getByTestId('this-device')).toContainText('are assumed')
  const assumed = await figure(page, 'step').textContent()
  await page.getByRole('button', { name: 'Measure this device' }).click()
  await expect(page.getByTestId('this-device')).toContainText(/swiftshader.*FLOP\/s.*distinct ops timed alone/, {
    timeout: 60_000,
  })
  await expect(
    page.getByText(/op by op, with the figures of TabCluster; this device is google swiftshader/),
  ).toBeVisible()
  await expect(figure(page, 'step')).not.toHaveText(assumed ?? '')
  // Cancelled, what was measured stays.
  await page.getByRole('button', { name: 'Time the ops that are new' }).click()
  await expect(page.getByRole('button', { name: 'Time the ops that are new' })).toBeVisible()
  await page.getByLabel('Device', { exact: true }).selectOption('a100-80gb')
  await expect(page.getByTestId('this-device')).toHaveCount(0)
})

test('one list leads from one device to GPT-3 on 1,024; a known story says what it shows and goes to Compare as a whole', async ({
  page,
}) => {
  await page.goto('/')
  const presets = page.locator('header select')
  await presets.selectOption({ label: 'GPT-3 175B on 1,024 A100' })
  await expect(page.getByRole('button', { name: 'Simulate', exact: true })).toHaveAttribute('aria-pressed', 'true')
  await expect(figure(page, 'devices')).toHaveText('1,024')
  await expect(page.getByText('300 billion tokens take about 34 days')).toBeVisible()
  await expect(page.getByRole('row', { name: /tensor, 8 ranks inside a node, nvlink3/ })).toBeVisible()
  await expect(page.getByRole('row', { name: /data, 8 ranks between nodes, ib-hdr200/ })).toBeVisible()
  await presets.selectOption('zero-7.5b/3')
  await page.getByRole('button', { name: 'Compare all 4' }).click()
  await expect(page.getByRole('region', { name: 'Compare: Table' }).locator('tbody tr')).toHaveCount(4)
  await expect(page.getByRole('img', { name: /^Memory over the step of / })).toHaveCount(4)
  await page.getByRole('button', { name: 'Simulate', exact: true }).click()
  await presets.selectOption('ddp')
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toHaveAttribute('aria-pressed', 'true')
  await expect(page.getByRole('button', { name: 'rank 3' })).toBeVisible()
})

test('axe finds nothing in Simulate', async ({ page }) => {
  await openSimulate(page)
  await page.locator('aside + main button').nth(2).click()
  await expect(page.locator('dl dd').first()).toBeVisible()
  // The curve comes last, with controls of its own.
  await expect(page.locator('main select')).toBeVisible()
  await expectAccessibleInEveryLook(page)
})

test('Simulate fits a phone', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await openSimulate(page)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
})
