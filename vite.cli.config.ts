import { defineConfig } from 'vite'

/** The command line for Node: our modules and shaders in one file, packages from node_modules. */
export default defineConfig({
  publicDir: false,
  build: { ssr: 'src/cli/main.ts', target: 'node20', emptyOutDir: true },
})
