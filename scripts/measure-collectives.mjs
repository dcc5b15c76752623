// Measures an all-reduce against the plain memory copies it needs, in the same rounds, and prints a Markdown table.
//   node scripts/measure-collectives.mjs [MiB per rank = 64] [ranks = 4] [rounds = 5] [chunk elements]
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { build } from 'vite'

const [mebibytes = 64, world = 4, rounds = 5, chunk] = process.argv.slice(2).map(Number)
const elements = mebibytes * 2 ** 18
const chunkElements = chunk === undefined ? {} : { chunkElements: chunk }
const root = join(import.meta.dirname, '..')
const folder = await mkdtemp(join(tmpdir(), 'tabcluster-measure-'))

async function bundle() {
  const input = {
    worker: join(root, 'test/cluster/collectives-worker.ts'),
    collectives: join(root, 'src/cluster/collectives.ts'),
    setup: join(root, 'src/cluster/transport/setup.ts'),
  }
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: { ssr: true, outDir: folder, rolldownOptions: { input, output: { entryFileNames: '[name].mjs' } } },
  })
}

const load = (name) => import(pathToFileURL(join(folder, `${name}.mjs`)).href)

/** Ranks as tasks of this thread: every byte that a rank sends is copied once, to the receive that waits for it. */
async function inOneThread({ runCollective }, { createTransports, openTransport }) {
  const transports = createTransports('memory', world).map(openTransport)
  const sources = transports.map((_, rank) => new Float32Array(elements).fill(rank + 1))
  const targets = transports.map(() => new Float32Array(elements))
  const group = transports.map((_, rank) => rank)
  const request = { kind: 'allReduce', algorithm: 'ring', size: world, elements }
  const copied = Math.round(((2 * (world - 1)) / world) * elements)
  const times = { seconds: [], copySeconds: [] }
  for (let round = 0; round < rounds; round++) {
    let start = performance.now()
    for (const [rank, target] of targets.entries()) {
      for (let left = copied; left > 0; left -= elements) {
        target.set(sources[rank].subarray(0, Math.min(left, elements)))
      }
    }
    times.copySeconds.push((performance.now() - start) / 1000)
    start = performance.now()
    await Promise.all(
      transports.map((transport, member) =>
        runCollective({
          transport,
          request,
          group,
          member,
          source: sources[member],
          target: targets[member],
          channel: 'reduce',
          traffic: 'gradients',
          ...chunkElements,
        }),
      ),
    )
    times.seconds.push((performance.now() - start) / 1000)
  }
  for (const transport of transports) transport.close()
  return times
}

/** Ranks in worker threads: every byte is copied onto the wire and off it. A round lasts as long as its slowest rank. */
async function inWorkers(kind, { createTransports, transfersOf }) {
  const workers = createTransports(kind, world).map(
    (setup) =>
      new Worker(join(folder, 'worker.mjs'), {
        workerData: { setup, algorithm: 'ring', elements, rounds, ...chunkElements },
        transferList: transfersOf(setup),
      }),
  )
  const reports = await Promise.all(
    workers.map(
      (worker) =>
        new Promise((resolve, reject) => {
          worker.once('message', resolve)
          worker.once('error', reject)
        }),
    ),
  )
  const slowest = (key) => reports[0][key].map((_, round) => Math.max(...reports.map((report) => report[key][round])))
  return { seconds: slowest('seconds'), copySeconds: slowest('copySeconds') }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const milliseconds = (seconds) => (1000 * seconds).toFixed(0)

try {
  await bundle()
  const collectives = await load('collectives')
  const setup = await load('setup')
  console.log(
    `Ring all-reduce of ${mebibytes} MiB over ${world} ranks, ${availableParallelism()} cores, median of ${rounds}:\n`,
  )
  console.log('| ranks and wire | all-reduce (ms) | plain copies (ms) | copies / all-reduce |')
  console.log('|---|---:|---:|---:|')
  for (const [label, run] of [
    ['tasks of one thread, memory', () => inOneThread(collectives, setup)],
    ['worker threads, shared rings', () => inWorkers('shared-ring', setup)],
    ['worker threads, transferred buffers', () => inWorkers('ports', setup)],
  ]) {
    const { seconds, copySeconds } = await run()
    const [ours, plain] = [median(seconds), median(copySeconds)]
    console.log(`| ${label} | ${milliseconds(ours)} | ${milliseconds(plain)} | ${(plain / ours).toFixed(2)} |`)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
