#!/usr/bin/env node
import { spawnSync } from 'node:child_process'
import { buildCli } from './lib/build.mjs'
import { graphicsEnvironment } from './lib/graphics.mjs'
import { installPackages } from './lib/install.mjs'

try {
  installPackages()
  const main = buildCli()
  const environment = { ...process.env, ...graphicsEnvironment(process.env.TABCLUSTER_CHROMIUM) }
  // The Vulkan loader's path is read when a process starts: hence a child.
  const { status, signal } = spawnSync(process.execPath, [main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: environment,
  })
  process.exitCode = signal ? 1 : (status ?? 1)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
