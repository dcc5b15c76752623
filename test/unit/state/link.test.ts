import { expect, test } from 'vitest'
import { lineOf } from '../../../src/core/fault.ts'
import { inputToUrl } from '../../../src/config/url.ts'
import { createCompareStore } from '../../../src/state/compare-store.ts'
import { createDraftStore } from '../../../src/state/draft-store.ts'
import { engineSession } from '../../../src/state/engine-session.ts'
import type { Address } from '../../../src/state/address-sync.ts'
import { createFilesStore } from '../../../src/state/files-store.ts'
import { createAddressSync } from '../../../src/state/address-sync.ts'
import { createSimulationStore } from '../../../src/state/simulation-store.ts'
import { createViewStore } from '../../../src/state/view-store.ts'

function browser(hash = '') {
  const start = 'https://example.org/tab/'
  let href = start + hash
  let changed = () => {}
  const address: Address = {
    location: {
      get href() {
        return href
      },
      get hash() {
        return href.slice(start.length)
      },
    },
    history: { replaceState: (_data, _unused, url) => void (href = url) },
    addEventListener: (_type, listener) => void (changed = listener),
  }
  const open = () => ({ postMessage: () => undefined, terminate: () => undefined })
  const files = createFilesStore()
  const page = {
    files,
    session: engineSession,
    draft: createDraftStore(engineSession),
    simulation: createSimulationStore(open),
    compare: createCompareStore({ session: engineSession, open, files: files.getState, measured: () => null }),
    view: createViewStore(),
  }
  const goTo = (to: string) => {
    href = start + to
    changed()
  }
  return { address, page, links: createAddressSync(page, address), goTo }
}

test('a page as it is first seen has a bare address', async () => {
  const { links } = browser()
  await links.start()
  expect(await links.copy()).toBe('https://example.org/tab/')
})

test('a link shows the same configuration elsewhere', async () => {
  const here = browser()
  await here.links.start()
  here.page.draft.set('parallel.data', 4)
  here.page.draft.set('batch.microbatches', 1)
  const copied = await here.links.copy()
  expect(copied).toMatch(/^https:\/\/example\.org\/tab\/#run=1\.[\w-]+$/)
  const there = browser(new URL(copied).hash)
  await there.links.start()
  expect(there.links.getState().problem).toBeNull()
  expect(there.page.draft.getState().draft).toEqual({ parallel: { data: 4 }, batch: { microbatches: 1 } })
})

test('the place travels with it', async () => {
  const here = browser()
  await here.links.start()
  here.page.view.setState({ place: 'simulate' })
  expect(await here.links.copy()).toBe('https://example.org/tab/#simulate')
  here.page.simulation.set('parallel.data', 4)
  const there = browser(new URL(await here.links.copy()).hash)
  await there.links.start()
  expect(there.page.view.getState().place).toBe('simulate')
  expect(there.page.simulation.getState().draft).toEqual(here.page.simulation.getState().draft)
})

test('a link says which weights a run starts from, by name; one that names none means drawn ones', async () => {
  const here = browser()
  await here.links.start()
  here.page.files.chooseWeights(new File(['w'], 'my weights.safetensors'))
  expect(await here.links.copy()).toBe('https://example.org/tab/#run&weights=my%20weights.safetensors')
  here.page.draft.set('seed', 7)
  const { hash } = new URL(await here.links.copy())
  const there = browser(hash)
  await there.links.start()
  expect(there.page.draft.getState().draft).toEqual({ seed: 7 })
  expect(there.page.files.getState().weights).toEqual({ name: 'my weights.safetensors', file: null })
  there.goTo(`#run=${await inputToUrl({ seed: 8 })}`)
  await expect.poll(() => there.page.files.getState().weights).toBeNull()
})

test('a comparison travels with all its pins', async () => {
  const here = browser()
  await here.links.start()
  here.page.compare.pin({ parallel: { data: 2 } })
  here.page.compare.pin({ model: { preset: 'gpt3-175b' }, precision: 'mixed-bf16' })
  here.page.compare.setSteps(7)
  here.page.view.setState({ place: 'compare' })
  const there = browser(new URL(await here.links.copy()).hash)
  await there.links.start()
  expect(there.page.view.getState().place).toBe('compare')
  expect(there.page.compare.getState().pins.map(({ draft }) => draft)).toEqual(
    here.page.compare.getState().pins.map(({ draft }) => draft),
  )
  expect(there.page.compare.getState().steps).toBe(7)
})

test('the address follows the page, and the page an address typed by hand', async () => {
  const { address, page, links, goTo } = browser()
  await links.start()
  page.draft.set('seed', 7)
  await expect.poll(() => address.location.hash).toMatch(/^#run=1\./)
  goTo(`#run=${await inputToUrl({ seed: 9 })}`)
  await expect.poll(() => page.draft.getState().draft).toEqual({ seed: 9 })
})

const packed = (value: unknown) => inputToUrl(value)

test.each([
  ['weights of a simulation', async () => '#simulate&weights=a', /^link: weights are for a run, not for simulate$/],
  ['a broken name', async () => '#run&weights=%E4', /^link: "%E4" is no name of a file$/],
  ['another version', async () => '#run=2.abc', /^link: "2\.abc" must begin with "1\."/],
  ['damaged', async () => '#run=1.abcdef', /^link: is damaged/],
  ['too long', async () => `#run=1.${'A'.repeat(20_000)}`, /^link: 20002 characters; at most 16384$/],
  ['a bomb', async () => `#run=${await packed('x'.repeat(300_000))}`, /^link: unpacks to more than 262144 bytes$/],
  ['no object', async () => `#run=${await packed([1])}`, /^link: holds no configuration$/],
  ['an unknown field', async () => `#run=${await packed({ sped: 1 })}`, /sped/],
  ['a wrong type', async () => `#run=${await packed({ steps: 'many' })}`, /^steps: "many"/],
  ['a prototype', async () => `#run=${await packed(JSON.parse('{"__proto__":{"steps":1}}'))}`, /__proto__/],
  [
    'a forbidden combination',
    async () => `#run=${await packed({ batch: { global: 1, microbatches: 2 } })}`,
    /^batch\.microbatches: /,
  ],
  [
    'a comparison of no list',
    async () => `#compare=${await packed({ pins: { a: 1 } })}`,
    /^pins: must be a list of at most 16 configurations$/,
  ],
  [
    'a comparison of too many',
    async () => `#compare=${await packed({ pins: Array.from({ length: 17 }, (_, seed) => ({ seed })) })}`,
    /^pins: must be/,
  ],
  [
    'a comparison with a wrong one',
    async () => `#compare=${await packed({ pins: [{}, { seed: 'x' }] })}`,
    /^seed: "x"/,
  ],
  [
    'a comparison of endless steps',
    async () => `#compare=${await packed({ pins: [{}], steps: 1e9 })}`,
    /^steps: 1000000000 must be/,
  ],
  [
    'a comparison with more to it',
    async () => `#compare=${await packed({ pins: [{}], run: true })}`,
    /^link: "run" is no field of a comparison; pins, steps are$/,
  ],
  [
    'a comparison with itself',
    async () => `#compare=${await packed({ pins: [{ seed: 1 }, { seed: 1 }] })}`,
    /^pins: holds the same configuration twice$/,
  ],
  ['no place', async () => '#learn=1.abc', /^link: "learn" is no place; run, simulate, compare are$/],
])('a link that is %s changes nothing and says why', async (_name, hashOf, why) => {
  const { page, links, address } = browser(await hashOf())
  await links.start()
  expect(lineOf(links.getState().problem!)).toMatch(why)
  expect(page.draft.getState().draft).toEqual({})
  expect(page.view.getState().place).toBe('run')
  links.dismiss()
  expect(links.getState().problem).toBeNull()
  await expect.poll(() => address.location.hash).toBe('')
})

test("an anchor of the page's own is left alone", async () => {
  const { links } = browser('#cluster')
  await links.start()
  expect(links.getState().problem).toBeNull()
})
