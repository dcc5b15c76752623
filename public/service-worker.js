/**
 * Makes a static host enough: every answer gets the headers of cross-origin isolation (shared memory between workers needs
 * them), and all files are kept, so that the page opens offline. The page itself comes from the network while there is one;
 * everything else has its content's hash in its name and never changes.
 */
const CACHE = `tabcluster ${self.registration.scope}`
const PAGE = new URL('./', self.registration.scope).href

self.addEventListener('install', (event) => {
  event.waitUntil(fill().then(() => self.skipWaiting()))
})

self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim())
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  if (request.method !== 'GET' || !request.url.startsWith(self.registration.scope)) return
  event.respondWith(request.mode === 'navigate' ? page(event) : file(request))
})

/** Keeps every file of the present build and lets go of older ones. */
async function fill() {
  const answer = await fetch(new URL('files.json', PAGE), { cache: 'no-cache' })
  if (!answer.ok) throw new Error(`files.json: ${answer.status}`)
  const wanted = new Set([PAGE, ...(await answer.json()).map((name) => new URL(name, PAGE).href)])
  const cache = await caches.open(CACHE)
  const kept = await cache.keys()
  const have = new Set(kept.map(({ url }) => url))
  await cache.addAll([...wanted].filter((url) => url === PAGE || !have.has(url)))
  await Promise.all(kept.filter(({ url }) => !wanted.has(url)).map((request) => cache.delete(request)))
}

async function page(event) {
  const cache = await caches.open(CACHE)
  try {
    const answer = await fetch(event.request)
    if (answer.ok) event.waitUntil(fill().catch(() => undefined))
    return isolated(answer)
  } catch {
    return isolated((await cache.match(PAGE)) ?? Response.error())
  }
}

async function file(request) {
  const cache = await caches.open(CACHE)
  return isolated((await cache.match(request)) ?? (await fetch(request)))
}

function isolated(answer) {
  if (answer.type === 'error' || answer.type === 'opaque' || answer.type === 'opaqueredirect') return answer
  const headers = new Headers(answer.headers)
  headers.set('Cross-Origin-Opener-Policy', 'same-origin')
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp')
  headers.set('Cross-Origin-Resource-Policy', 'same-origin')
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers })
}
