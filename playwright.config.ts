import { availableParallelism } from 'node:os'
import { defineConfig } from '@playwright/test'

const PORT = Number(process.env.TABCLUSTER_E2E_PORT ?? 5199)
/** A server that runs already, as Vite's while a page is worked on. */
const SERVED = process.env.TABCLUSTER_E2E_URL

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
  // A page that trains mostly waits for one thread: its own, or the device's.
  workers: Math.min(4, availableParallelism()),
  fullyParallel: true,
  // A hang is to be noticed; a slow machine is none.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  reporter: [['list'], ['json']],
  use: {
    baseURL: SERVED ?? `http://localhost:${PORT}/`,
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath, args: FLAGS, ignoreDefaultArgs: ['--headless', '--disable-gpu'] },
  },
  ...(SERVED === undefined
    ? {
        webServer: {
          command: `node scripts/start.mjs --port ${PORT}`,
          url: `http://localhost:${PORT}/`,
          timeout: 180_000,
        },
      }
    : {}),
})
