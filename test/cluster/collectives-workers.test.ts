import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessagePort, Worker } from 'node:worker_threads'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTransports, transfersOf } from '../../src/cluster/transport/setup.ts'
import { collectiveBytes } from '../../src/comm/traffic.ts'
import type { CollectiveReport, CollectiveTask } from './collectives-worker.ts'

/** Ranks in threads of their own; the worker is bundled here because Node reads no TypeScript. */
let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabcluster-worker-'))
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: join(import.meta.dirname, 'collectives-worker.ts'),
      outDir: folder,
      rolldownOptions: { output: { entryFileNames: 'worker.mjs' } },
    },
  })
}, 30_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

async function ranks(
  kind: 'shared-ring' | 'ports',
  world: number,
  task: Omit<CollectiveTask, 'setup'>,
): Promise<CollectiveReport[]> {
  const workers = createTransports(kind, world).map((setup) => {
    const ports = transfersOf(setup).flatMap((port) => (port instanceof MessagePort ? [port] : []))
    const data: CollectiveTask = { ...task, setup }
    return new Worker(join(folder, 'worker.mjs'), { workerData: data, transferList: ports })
  })
  const reports = workers.map(
    (worker) =>
      new Promise<CollectiveReport>((resolve, reject) => {
        worker.once('message', resolve)
        worker.once('error', reject)
      }),
  )
  const exits = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)))
  try {
    return await Promise.all(reports)
  } finally {
    // A closed transport keeps no thread alive: the workers end by themselves.
    await Promise.all(exits)
  }
}

test.each([
  ['shared-ring', 2, 'ring'],
  ['shared-ring', 4, 'tree'],
  ['ports', 3, 'ring'],
] as const)('%s, %d worker threads, %s all-reduce: the same bits everywhere', async (kind, world, algorithm) => {
  const elements = 300_001
  const reports = await ranks(kind, world, { algorithm, elements, rounds: 2, chunkElements: 10_007 })
  const request = { kind: 'allReduce', algorithm, size: world, elements } as const
  for (const report of reports) {
    expect(report.hash).toBe(reports[0]?.hash)
    expect(report.worst).toBeLessThan(1e-5)
    const { sent, received } = collectiveBytes(request, report.rank)
    expect([report.sentBytes, report.receivedBytes]).toEqual([2 * sent, 2 * received])
  }
})
