import { defineConfig } from 'vitest/config'
import { graphicsEnvironment } from './scripts/lib/graphics.mjs'

// Dawn's Vulkan loader is found when a process starts: the test processes inherit this.
Object.assign(process.env, graphicsEnvironment(process.env.TABCLUSTER_CHROMIUM))

// What is measured on a busy machine must not decide what is tested.
process.env.TABCLUSTER_KERNELS ??= 'table'

// A hang is to be noticed; a slow machine is none, and the full grids have tests of minutes.
const patience = process.env.TABCLUSTER_FULL === '1' ? 900_000 : 240_000
const unhurried = { testTimeout: patience, hookTimeout: patience }

export default defineConfig({
  test: {
    projects: [
      // One set of modules per thread: what is tested here is pure, and loading it 60 times takes longer than testing it.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], pool: 'threads', isolate: false, ...unhurried } },
      // One process, one file at a time: devices and pipelines are slow to make and share two cores.
      {
        test: {
          name: 'gpu',
          include: ['test/gpu/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          // Its entry for Node is CommonJS in a package of modules: have Vite load the module form instead.
          server: { deps: { inline: ['wgsl_reflect'] } },
          ...unhurried,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          ...unhurried,
        },
      },
    ],
  },
})
