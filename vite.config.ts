import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import type { Plugin } from 'vite'

/** Cross-origin isolation, which shared memory between workers needs. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

/**
 * No script but the build's own runs. Nothing leaves the origin but a download of weights from an address that the user gives
 * (state/download-weights.ts). Dialogs and charts set styles of their own.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self' blob: https: http://localhost:* http://127.0.0.1:*",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY }, injectTo: 'head-prepend' },
    ],
  }
}

/** files.json: what the service worker keeps for offline use, each file with its content's hash. */
function fileList(): Plugin {
  let directory = ''
  return {
    name: 'file-list',
    apply: 'build',
    configResolved: ({ root, build }) => void (directory = resolve(root, build.outDir)),
    closeBundle() {
      const files = readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
        .filter((name) => !['service-worker.js', 'files.json'].includes(name))
        .toSorted()
      const hashOf = (name: string) =>
        createHash('sha256')
          .update(readFileSync(join(directory, name)))
          .digest('hex')
      writeFileSync(
        join(directory, 'files.json'),
        JSON.stringify(Object.fromEntries(files.map((name) => [name, hashOf(name).slice(0, 16)]))),
      )
    },
  }
}

export default defineConfig({
  base: './',
  plugins: [react(), contentSecurityPolicy(), fileList()],
  server: { headers },
  preview: { headers },
  worker: { format: 'es' },
  build: { target: 'es2023' },
})
