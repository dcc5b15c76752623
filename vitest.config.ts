import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { graphicsEnvironment } from './scripts/lib/graphics.mjs'

// Dawn's Vulkan loader is found when a process starts: the test processes inherit this.
Object.assign(process.env, graphicsEnvironment(process.env.TABCLUSTER_CHROMIUM))

// What is measured on a busy machine must not decide what is tested.
process.env.TABCLUSTER_KERNELS ??= 'table'

// A hang is to be noticed; a slow machine is none, and the full grids have tests of minutes.
const patience = process.env.TABCLUSTER_FULL === '1' ? 900_000 : 240_000
const unhurried = { testTimeout: patience, hookTimeout: patience }

/**
 * A few processes that each run one file after another, with the devices and pipelines of the files before: those take
 * longer to make than most cases. A process mostly waits for one thread, its own or the device's.
 */
function processes(groupOrder: number) {
  const maxWorkers = Math.min(4, availableParallelism())
  return { pool: 'forks', isolate: false, maxWorkers, sequence: { groupOrder }, ...unhurried } as const
}

export default defineConfig({
  test: {
    projects: [
      // One set of modules per thread: what is tested here is pure, and loading it 60 times takes longer than testing it.
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          pool: 'threads',
          isolate: false,
          // Vitest by itself leaves one core to its own thread, which has next to nothing to do.
          maxWorkers: availableParallelism(),
          ...unhurried,
        },
      },
      {
        test: {
          name: 'gpu',
          include: ['test/gpu/**/*.test.ts'],
          ...processes(1),
          // Its entry for Node is CommonJS in a package of modules: have Vite load the module form instead.
          server: { deps: { inline: ['wgsl_reflect'] } },
        },
      },
      { test: { name: 'cluster', include: ['test/cluster/**/*.test.ts'], ...processes(2) } },
    ],
  },
})
