import type { Page } from '@playwright/test'
import { expect, test } from './pool.ts'
import { staticHost } from './static-host.ts'

// Service workers and caches outlive a page.
test.use({ fresh: true })

const ICON = '<svg xmlns="http://www.w3.org/2000/svg"/>'

const builds = (page: Page) =>
  page.evaluate(async () => {
    const lists = await Promise.all(
      (await caches.keys()).map(async (name) => (await caches.open(name)).match(new URL('files.json', location.href))),
    )
    return lists.filter((list) => list !== undefined).length
  })
const icon = (page: Page) => page.evaluate(async () => (await fetch('./icon.svg')).text())

test('after a deploy an open tab still finds its parts, a new one gets the new files, and the old build goes with its tabs', async ({
  context,
}) => {
  const { address, changed, read, close } = await staticHost()
  const old = await context.newPage()
  await old.goto(address)
  await expect.poll(() => old.evaluate(() => crossOriginIsolated).catch(() => false)).toBe(true)
  await expect.poll(() => builds(old)).toBe(1)

  // The next build: its main module and a part have other names, the icon other contents under the same name.
  const files = JSON.parse(String(read('files.json'))) as Record<string, string>
  const html = String(read('index.html'))
  const [main = ''] = /assets\/index-[\w-]+\.js/.exec(html) ?? []
  const part = Object.keys(files).find((name) => /^assets\/simulate-place-.*\.js$/.test(name))!
  const next = { [main]: 'assets/index-next.js', [part]: 'assets/simulate-place-next.js' }
  for (const [name, renamed] of Object.entries(next)) {
    changed.set(renamed, String(read(name)))
    changed.set(name, null)
  }
  changed.set('index.html', html.replaceAll(main, next[main]!))
  changed.set('icon.svg', ICON)
  const listed = Object.entries(files).map(([name, hash]) => [next[name] ?? name, hash])
  changed.set('files.json', JSON.stringify({ ...Object.fromEntries(listed), 'index.html': 'next', 'icon.svg': 'next' }))

  const fresh = await context.newPage()
  await fresh.goto(address)
  await expect.poll(() => builds(fresh)).toBe(2)
  expect(await icon(fresh)).toBe(ICON)
  await old.getByRole('button', { name: 'Simulate', exact: true }).click()
  await expect(old.getByRole('complementary', { name: 'Simulate' })).toBeVisible()
  await old.close()
  // The next visit after the browser has let go of the tab's lock.
  await expect
    .poll(async () => {
      await fresh.reload()
      return builds(fresh)
    })
    .toBe(1)
  await close()
})
