import type { Page } from '@playwright/test'
import { expect, test } from './pool.ts'

/** Two English words in a row, outside names that stay as they are in every language. */
const ENGLISH = /\b[a-z]{3,} [a-z]{3,}\b/i
const NAMES =
  /TabCluster|SwiftShader|swiftshader|Megatron-LM|Zero Bubble|Take away|Hugging Face|AdamW|GPT-\d|LLaMA|ein kleiner Hund[^,]*|all-reduce|tokens\/s/g

/** Everything the page says: texts, labels, titles, placeholders. */
const spoken = (page: Page) =>
  page.evaluate(() => {
    const said: string[] = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement
      // Configurations' own words: ids in lists, code, addresses.
      if (parent?.closest('script, style, option, code, kbd')) continue
      said.push(node.textContent ?? '')
    }
    for (const element of document.body.querySelectorAll('[aria-label], [title], [placeholder]'))
      for (const name of ['aria-label', 'title', 'placeholder']) said.push(element.getAttribute(name) ?? '')
    return said
  })

async function expectChinese(page: Page, where: string): Promise<void> {
  const english = (await spoken(page)).filter((text) => ENGLISH.test(text.replaceAll(NAMES, '')))
  expect([...new Set(english)], where).toEqual([])
}

test('in Chinese nothing on any place is English', async ({ page }) => {
  test.setTimeout(180_000)
  await page.goto('/')
  await page.getByRole('button', { name: '中文' }).click()
  await expect(page.getByRole('button', { name: '带我看看' })).toBeVisible()
  await expectChinese(page, 'Run, first visit')
  await page.locator('header select').selectOption('threeD')
  for (const section of await page.locator('aside summary').all()) await section.click()
  await expectChinese(page, 'Run, 3D, all fields')
  await page.getByRole('button', { name: '带我看看' }).click()
  await expect(page.locator('[data-ringed]')).toHaveCount(1)
  await expectChinese(page, 'tour')
  await page.keyboard.press('Escape')
  await expect(page.locator('[data-ringed]')).toHaveCount(0)
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog').getByRole('button', { name: /继续导览|带我看看/ })).toBeVisible()
  await expectChinese(page, 'shortcuts')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.getByRole('button', { name: '导出' }).click()
  await expectChinese(page, 'take away')
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: '模拟', exact: true }).click()
  await expect(page.locator('dl dd').first()).toBeVisible()
  await page.locator('header select').selectOption('ddp-h100/0')
  await page.getByLabel('副本', { exact: false }).first().fill('4')
  await page.getByLabel('副本', { exact: false }).first().press('Enter')
  await page.getByRole('button', { name: '搜索', exact: true }).click()
  await expect(page.locator('figure').first()).toBeVisible({ timeout: 60_000 })
  await page.getByText('布局被舍去的原因').click()
  for (const section of await page.locator('aside summary').all()) await section.click()
  await expectChinese(page, 'Simulate')

  await page.getByRole('button', { name: /^对比/ }).click()
  await page.getByRole('button', { name: /先固定三个/ }).click()
  await expect(page.locator('tbody tr')).toHaveCount(3)
  await expect(page.getByTestId('differences')).toBeVisible()
  await expectChinese(page, 'Compare')
})
