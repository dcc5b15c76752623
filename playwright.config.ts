import { defineConfig } from '@playwright/test'

const PORT = Number(process.env.TABCLUSTER_E2E_PORT ?? 5199)

/** Headless Chromium with WebGPU on SwiftShader; it does not reach for the network by itself. */
const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
]

const executablePath = process.env.TABCLUSTER_CHROMIUM ?? '/usr/bin/chromium'

export default defineConfig({
  testDir: 'test/e2e',
  outputDir: '.cache/e2e',
  // A page that trains waits for its device half of the time: two of them fill two cores.
  workers: 2,
  fullyParallel: true,
  // A hang is to be noticed; a slow machine is none.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  reporter: [['list'], ['json']],
  use: {
    baseURL: `http://localhost:${PORT}/`,
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath, args: FLAGS, ignoreDefaultArgs: ['--headless', '--disable-gpu'] },
  },
  webServer: { command: `node scripts/start.mjs --port ${PORT}`, url: `http://localhost:${PORT}/`, timeout: 180_000 },
})
