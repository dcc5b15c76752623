import type { Page } from '@playwright/test'

/** What the page says of its run. */
export const step = async (page: Page) => Number((await page.getByTestId('step').innerText()).match(/step (\d+)/)?.[1] ?? 0)
export const loss = async (page: Page) => Number(await page.getByRole('region', { name: 'Loss' }).locator('strong').innerText())
