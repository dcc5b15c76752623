import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** The page that holds the libraries to be compared: ours from ../src, the others from bench/node_modules. */
export default defineConfig({
  root: fileURLToPath(new URL('page', import.meta.url)),
  base: './',
  publicDir: false,
  worker: { format: 'es' },
  build: { target: 'es2023', emptyOutDir: true, chunkSizeWarningLimit: 4000 },
})
