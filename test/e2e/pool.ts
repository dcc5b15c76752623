import { test as base } from '@playwright/test'
import type { Browser, BrowserContext, Page } from '@playwright/test'

/*
 * One page for all tests of a worker: opening one costs four times what loading the application in it again does. Between
 * two tests the page is left, which ends its workers, and what the application keeps is removed. A test that changes what
 * cannot be put back (scripts added to the page, requests answered by the test, a failure half-way) gets the page
 * thrown away behind it. Where storage or isolation is the subject, `test.use({ fresh: true })` opens a context of its own.
 */

/** A file of the same origin and isolation: leaving for it and coming back keeps the page's process. */
const BETWEEN = '/icon.svg'

/** What idb-keyval calls its database: it holds which kernels are fastest on this adapter, measured once per worker. */
const KERNELS = 'keyval-store'

/** What a page keeps until it is closed; of its context some more. */
const SPOIL = ['addInitScript', 'route', 'routeFromHAR', 'routeWebSocket', 'exposeFunction', 'exposeBinding'] as const
const SPOIL_CONTEXT = ['newCDPSession', 'addCookies', 'setExtraHTTPHeaders', 'setGeolocation', 'setOffline'] as const

/** What tests listen to. */
const EVENTS = 'console dialog download filechooser load pageerror popup request requestfailed response worker'.split(
  ' ',
)

/** Calls `noticed` whenever one of the methods is called. */
function notice<Target extends object>(target: Target, names: readonly (keyof Target)[], noticed: () => void): void {
  for (const name of names) {
    const method: unknown = target[name]
    if (typeof method !== 'function') throw new Error(`pool: there is no method ${String(name)}`)
    const value = (...given: unknown[]): unknown => {
      noticed()
      return Reflect.apply(method, target, given)
    }
    Object.defineProperty(target, name, { value })
  }
}

class Pool {
  private context: BrowserContext | null = null
  private page: Page | null = null
  private spoiled = false

  /** Within a test: a new context takes the options of the configuration. */
  async takeContext(browser: Browser): Promise<BrowserContext> {
    if (this.context) return this.context
    this.spoiled = false
    this.context = await browser.newContext()
    notice(this.context, [...SPOIL, ...SPOIL_CONTEXT], () => (this.spoiled = true))
    return this.context
  }

  async takePage(context: BrowserContext): Promise<Page> {
    if (this.page) return this.page
    this.page = await context.newPage()
    notice(this.page, SPOIL, () => (this.spoiled = true))
    await this.page.goto(BETWEEN)
    return this.page
  }

  /** Makes the page ready for the next test, or throws it away. */
  async giveBack(passed: boolean, viewport: { width: number; height: number } | null): Promise<void> {
    if (!passed || this.spoiled || this.page?.isClosed()) return this.close()
    try {
      await this.context?.clearPermissions()
      for (const other of this.context?.pages() ?? []) if (other !== this.page) await other.close()
      if (this.page) await this.clear(this.page, viewport)
    } catch {
      await this.close()
    }
  }

  async close(): Promise<void> {
    const context = this.context
    this.context = this.page = null
    await context?.close()
  }

  private async clear(page: Page, viewport: { width: number; height: number } | null): Promise<void> {
    for (const event of EVENTS) await page.removeAllListeners(event)
    await page.goto(BETWEEN, { timeout: 20_000 })
    await page.evaluate(async (kept) => {
      localStorage.clear()
      sessionStorage.clear()
      for (const { name } of await indexedDB.databases())
        if (name !== undefined && name !== kept)
          await new Promise((resolve, reject) => {
            const request = indexedDB.deleteDatabase(name)
            request.onsuccess = resolve
            request.onerror = request.onblocked = reject
          })
    }, KERNELS)
    await page.emulateMedia({ media: null, colorScheme: null, reducedMotion: null, forcedColors: null, contrast: null })
    if (viewport) await page.setViewportSize(viewport)
    await page.mouse.move(0, 0)
  }
}

export const test = base.extend<{ fresh: boolean }, { pool: Pool }>({
  /** A context of its own for every test. */
  fresh: [false, { option: true }],
  pool: [
    async ({ browser: _ }, use) => {
      const pool = new Pool()
      await use(pool)
      await pool.close()
    },
    { scope: 'worker' },
  ],
  context: async ({ browser, fresh, pool, viewport }, use, info) => {
    if (fresh) {
      const context = await browser.newContext()
      await use(context)
      return context.close()
    }
    await use(await pool.takeContext(browser))
    await pool.giveBack(info.status === 'passed', viewport)
  },
  page: async ({ context, fresh, pool }, use) => {
    await use(fresh ? await context.newPage() : await pool.takePage(context))
  },
})

export { expect } from '@playwright/test'
