import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize, sep } from 'node:path'

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
}

/** Cross-origin isolation, which shared memory between workers needs. */
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
}

/**
 * Serves a directory on loopback. Resolves with the address.
 * @param port 0: any that is free
 * @param exact refuse a port that is taken, instead of trying the next ones
 * @param closed ends the server when aborted
 */
export function serve(directory, port, exact, closed) {
  const server = createServer((request, response) => {
    let path
    try {
      path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://local').pathname))
    } catch {
      response.writeHead(400, HEADERS).end()
      return
    }
    const wanted = join(directory, path.endsWith(sep) ? join(path, 'index.html') : path)
    const inside = wanted.startsWith(directory + sep)
    if (!inside || !existsSync(wanted) || !statSync(wanted).isFile()) {
      response.writeHead(404, HEADERS).end('not found')
      return
    }
    const type = TYPES[extname(wanted)] ?? 'application/octet-stream'
    response.writeHead(200, { ...HEADERS, 'Content-Type': type, 'Cache-Control': 'no-cache' })
    if (request.method === 'HEAD') response.end()
    else createReadStream(wanted).pipe(response)
  })
  closed?.addEventListener('abort', () => server.close().closeAllConnections())
  return new Promise((resolve, reject) => {
    let at = port
    server.on('error', (error) => {
      if (error.code === 'EADDRINUSE' && !exact && at < port + 50) server.listen(++at, '127.0.0.1')
      else reject(new Error(`port ${at} cannot be used (${error.code})`))
    })
    server.on('listening', () => resolve(`http://localhost:${server.address().port}/`))
    server.listen(at, '127.0.0.1')
  })
}
