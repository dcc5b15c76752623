import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Cross-origin isolation, which shared memory between workers needs. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

export default defineConfig({
  base: './',
  plugins: [react()],
  server: { headers },
  preview: { headers },
  worker: { format: 'es' },
  build: { target: 'es2023' },
})
