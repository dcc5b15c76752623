import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serve } from '../../../scripts/lib/serve.mjs'

const PORT = 45_170
const outer = mkdtempSync(join(tmpdir(), 'tabcluster-serve-'))
const directory = join(outer, 'dist')
const closed = new AbortController()
let address = ''

beforeAll(async () => {
  mkdirSync(join(directory, 'assets'), { recursive: true })
  writeFileSync(join(outer, 'secret.txt'), 'secret')
  mkdirSync(`${directory}-beside`)
  writeFileSync(join(`${directory}-beside`, 'secret.txt'), 'secret')
  writeFileSync(join(directory, 'index.html'), '<p>page')
  writeFileSync(join(directory, 'assets', 'a.js'), 'export {}')
  address = await serve(directory, PORT, false, closed.signal)
})

afterAll(() => {
  closed.abort()
  rmSync(outer, { recursive: true })
})

/** Asks for a path as it stands, which fetch would clean up first. */
function statusOf(path: string): Promise<number> {
  const { hostname, port } = new URL(address)
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.on('error', reject)
    asked.end()
  })
}

test('files come with their type and the headers of an isolated page', async () => {
  const page = await fetch(address)
  expect(await page.text()).toBe('<p>page')
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin')
  expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp')
  const script = await fetch(`${address}assets/a.js`, { method: 'HEAD' })
  expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8'])
})

test.each([
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/../dist-beside/secret.txt',
  '/assets',
  '/none',
  '/%00',
])('%s is not there', async (path) => {
  expect(await statusOf(path)).toBe(404)
})

test('a path that is no text is refused', async () => {
  expect(await statusOf('/%ff')).toBe(400)
})

test('a taken port: the next one, or a refusal where that very port was asked for', async () => {
  const second = await serve(directory, Number(new URL(address).port), false, closed.signal)
  expect(Number(new URL(second).port)).toBeGreaterThan(Number(new URL(address).port))
  await expect(serve(directory, Number(new URL(address).port), true)).rejects.toThrow('cannot be used (EADDRINUSE)')
})
