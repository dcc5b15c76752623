import AxeBuilder from '@axe-core/playwright'
import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'
import { LOOKS, wear } from './readings.ts'
import type { Look } from './readings.ts'

/** Colours and positions on their way: what moves for ever is not waited for. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const ending = document
      .getAnimations()
      .filter(({ effect }) => Number(effect?.getComputedTiming().endTime) < Infinity)
    await Promise.allSettled(ending.map(({ finished }) => finished))
  })
}

/**
 * axe finds nothing in what the page shows now. The page has no frames: axe needs no blank page beside it, and asked for
 * violations alone it describes no other element, which is two thirds of the time.
 */
export async function expectAccessible(page: Page, where = 'axe'): Promise<void> {
  await settled(page)
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] })
  const { violations } = await axe.analyze()
  expect(
    violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]),
    where,
  ).toEqual([])
}

/** The same screen in one language and theme after the other, without another visit. */
export async function expectAccessibleInEveryLook(page: Page, prepare?: (look: Look) => Promise<void>): Promise<void> {
  for (const look of LOOKS) {
    await wear(page, look)
    await prepare?.(look)
    await expectAccessible(page, `axe, ${look.language}, ${look.scheme}`)
  }
}
