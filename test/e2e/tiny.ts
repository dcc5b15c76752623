import type { Page } from '@playwright/test'
import { inputToUrl } from '../../src/config/url.ts'

/**
 * A step of it takes a software adapter a tenth of what one of the default model takes: for every test that trains and
 * whose subject is not the first click.
 */
export const TINY = {
  model: { layers: 2, heads: 2, embed: 32, context: 16, vocab: 256 },
  batch: { global: 4, microbatches: 1, sequence: 16 },
}

/** Opens Run with a configuration, over TINY: what a preset has, on a model that trains at once. */
export async function openTiny(page: Page, config: object = {}): Promise<void> {
  await page.goto(`/#run=${await inputToUrl({ ...TINY, ...config })}`)
}
