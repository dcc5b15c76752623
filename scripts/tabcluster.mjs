#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { buildCli } from './lib/build.mjs'
import { findChromium } from './lib/chromium.mjs'
import { graphicsEnvironment, hasVulkanDriver } from './lib/graphics.mjs'
import { ROOT, installPackages } from './lib/install.mjs'

/** Commands that execute on a GPU. */
const EXECUTING = ['train', 'generate', 'bench']

/** A machine without any Vulkan driver gets SwiftShader's, which comes with Chromium, when one can be had. */
async function chromium(args) {
  if (hasVulkanDriver() || !args.some((each) => EXECUTING.includes(each))) return process.env.TABCLUSTER_CHROMIUM
  return findChromium().catch(() => undefined)
}

/**
 * The Vulkan loader's path is read when a process starts: hence a child. It gets every signal that this process gets; a status
 * of 128 and the signal's number says that it ended by one, as a shell says it.
 */
function execute(main, args, env) {
  const child = spawn(process.execPath, [main, ...args], { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => resolve(status ?? 128 + constants.signals[signal]))
  })
}

/** The main module: built when the package was packed, else from the sources of this checkout. */
function commandLine() {
  const packed = join(ROOT, 'dist-cli', 'main.js')
  if (existsSync(packed) && !existsSync(join(ROOT, 'package-lock.json'))) return packed
  installPackages()
  return buildCli()
}

try {
  const args = process.argv.slice(2)
  const main = commandLine()
  process.exitCode = await execute(main, args, { ...process.env, ...graphicsEnvironment(await chromium(args)) })
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
