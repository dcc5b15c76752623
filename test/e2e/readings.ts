import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'

/** What the page says of its run. */
export const step = async (page: Page) =>
  Number((await page.getByTestId('step').innerText()).match(/step (\d+)/)?.[1] ?? 0)
export const loss = async (page: Page) =>
  Number(await page.getByRole('region', { name: 'Loss' }).locator('strong').innerText())

/** The step of a paused run. What was handed to the device before the pause may still end a step after it. */
export async function heldStep(page: Page): Promise<number> {
  let held = await step(page)
  for (;;) {
    await page.waitForTimeout(500)
    const now = await step(page)
    if (now === held) return held
    held = now
  }
}

/** Waits until the page has no workers; a failure names those that stayed. */
export const expectNoWorkers = (page: Page) =>
  expect.poll(() => page.workers().map((worker) => worker.url().replace(/.*\//, ''))).toEqual([])

/** Presses the one button until the page wears the theme: system, light, dark. */
export async function chooseTheme(page: Page, theme: 'light' | 'dark'): Promise<void> {
  const button = page.getByRole('button', { name: /^(Theme|主题)/ })
  for (let presses = 0; presses < 3; presses++) {
    if ((await page.locator('html').getAttribute('data-theme')) === theme) return
    await button.click()
  }
}

export interface Look {
  readonly language: 'EN' | '中文'
  readonly scheme: 'light' | 'dark'
}
const FEW: readonly Look[] = [
  { language: 'EN', scheme: 'dark' },
  { language: '中文', scheme: 'light' },
]
const REST: readonly Look[] = [
  { language: 'EN', scheme: 'light' },
  { language: '中文', scheme: 'dark' },
]

/** Both themes and both languages on every screen; every pair of them in the full run. */
export const LOOKS = process.env['TABCLUSTER_FULL'] === '1' ? [...FEW, ...REST] : FEW

/** Puts the page into a language and a colour scheme where it stands; its theme is the system's. */
export async function wear(page: Page, { language, scheme }: Look): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme })
  await page.getByRole('button', { name: language, exact: true }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', language === 'EN' ? 'en' : 'zh-Hans')
  await expect(page.locator('html')).toHaveAttribute('data-theme', scheme)
}
