import { createServer } from 'node:http'
import { existsSync, readFileSync, statSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
}

export interface StaticHost {
  readonly address: string
  /** By name other contents than were built, or null for a file that is gone: a deployment under open tabs. */
  readonly changed: Map<string, string | null>
  /** What is served under a name now. */
  readonly read: (name: string) => string | Buffer | null
  readonly close: () => Promise<void>
}

/** A host that knows nothing of TabCluster: the built files under a path, no headers but their type. */
export async function staticHost(path = '/'): Promise<StaticHost> {
  const changed = new Map<string, string | null>()
  const read = (name: string): string | Buffer | null => {
    const own = changed.get(name)
    if (own !== undefined) return own
    const file = join('dist', name)
    return existsSync(file) && statSync(file).isFile() ? readFileSync(file) : null
  }
  const server = createServer(({ url = '' }, response) => {
    const { pathname } = new URL(url, 'http://host')
    const name = pathname.startsWith(path) ? pathname.slice(path.length) || 'index.html' : null
    const body = name === null ? null : read(name)
    if (name === null || body === null) response.writeHead(404).end()
    else response.writeHead(200, { 'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { address: `http://localhost:${port}${path}`, changed, read, close }
}
