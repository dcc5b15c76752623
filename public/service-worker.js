/**
 * Makes a static host enough: every answer gets the headers of cross-origin isolation (shared memory between workers needs
 * them), and all files are kept, so that the page opens offline.
 *
 * Each build has a cache of its own. A file in assets/ has its content's hash in its name: a tab gets it from whichever build
 * has it, so one that was opened before a deploy still finds its parts. Everything else comes from the network while there is
 * one. files.json names every file with its content's hash; what a new build shares with an older one is copied. A build goes
 * when no tab holds the lock of its main module any more (ui/hold-build.ts).
 */
const OWN = `tabcluster ${self.registration.scope}`
const PAGE = new URL('./', self.registration.scope).href
const LIST = new URL('files.json', PAGE).href
const ASSETS = new URL('assets/', PAGE).href
const FILLED = 'X-Tabcluster-Filled'
const LOCK = 'tabcluster build '

self.addEventListener('install', (event) => {
  // Isolation needs no room for files.
  const filled = fill().catch(() => undefined)
  event.waitUntil(filled.then(() => self.skipWaiting()))
})

self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim())
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  if (request.method !== 'GET' || !request.url.startsWith(self.registration.scope)) return
  if (request.mode === 'navigate') event.respondWith(page(event))
  else event.respondWith(request.url.startsWith(ASSETS) ? asset(request) : file(request))
})

/** The builds that are kept, the one that was seen last first; a build whose files are not all there has no list. */
async function builds() {
  const names = (await caches.keys()).filter((name) => name.startsWith(`${OWN} `))
  const found = await Promise.all(
    names.map(async (name) => {
      const cache = await caches.open(name)
      const list = await cache.match(LIST)
      if (!list) return { name, cache, files: {}, filled: 0 }
      return { name, cache, files: await list.json(), filled: Number(list.headers.get(FILLED)) }
    }),
  )
  return found.sort((a, b) => b.filled - a.filled)
}

/** Keeps every file of the present build, and lets go of builds that no tab is of. */
async function fill() {
  const answer = await fetch(LIST, { cache: 'no-cache' })
  if (!answer.ok) throw new Error(`files.json: ${answer.status}`)
  const text = await answer.text()
  const files = JSON.parse(text)
  const older = await builds()
  const name = `${OWN} ${await hashOf(text)}`
  const cache = await caches.open(name)
  const urlOf = (path) => (path === 'index.html' ? PAGE : new URL(path, PAGE).href)
  const wanted = Object.entries(files).map(([path, hash]) => [urlOf(path), path, hash])
  await Promise.all(
    wanted.map(async ([url, path, hash]) => {
      if (await cache.match(url)) return
      const same = older.find((build) => build.files[path] === hash)
      const kept = await same?.cache.match(url)
      if (kept) await cache.put(url, kept)
      else await cache.add(new Request(url, { cache: 'no-cache' }))
    }),
  )
  const headers = { 'Content-Type': 'application/json', [FILLED]: String(Date.now()) }
  await cache.put(LIST, new Response(text, { headers }))
  await release(name)
}

async function hashOf(text) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest, 0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function release(present) {
  const { held = [] } = await navigator.locks.query()
  const modules = held.flatMap(({ name }) => (name.startsWith(LOCK) ? [name.slice(LOCK.length)] : []))
  // The cache without a build is of the first edition of this file.
  const names = (await caches.keys()).filter((name) => name === OWN || name.startsWith(`${OWN} `))
  for (const name of names) {
    const cache = await caches.open(name)
    const used = await Promise.all(modules.map((module) => cache.match(module)))
    if (name !== present && !used.some(Boolean)) await caches.delete(name)
  }
}

async function page(event) {
  try {
    const answer = await fetch(event.request)
    if (answer.ok) event.waitUntil(fill().catch(() => undefined))
    return isolated(answer)
  } catch {
    return isolated((await kept(PAGE)) ?? Response.error())
  }
}

async function kept(url) {
  for (const { cache } of await builds()) {
    const answer = await cache.match(url, { ignoreVary: true })
    if (answer) return answer
  }
  return undefined
}

async function asset(request) {
  return isolated((await caches.match(request.url, { ignoreVary: true })) ?? (await fetch(request)))
}

async function file(request) {
  try {
    return isolated(await fetch(request, { cache: 'no-cache' }))
  } catch {
    return isolated((await kept(request.url)) ?? Response.error())
  }
}

function isolated(answer) {
  if (answer.type === 'error' || answer.type === 'opaque' || answer.type === 'opaqueredirect') return answer
  const headers = new Headers(answer.headers)
  headers.set('Cross-Origin-Opener-Policy', 'same-origin')
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp')
  headers.set('Cross-Origin-Resource-Policy', 'same-origin')
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers })
}
