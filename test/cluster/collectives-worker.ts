import { parentPort, workerData } from 'node:worker_threads'
import { runCollective } from '../../src/cluster/collectives.ts'
import { openTransport, type TransportSetup } from '../../src/cluster/transport/setup.ts'
import type { PlanAlgorithm } from '../../src/comm/steps.ts'

/** A rank in a worker thread: all-reduces a vector `rounds` times and tells its times, its result's hash and its bytes. */
export interface CollectiveTask {
  readonly setup: TransportSetup
  readonly algorithm: PlanAlgorithm
  readonly elements: number
  readonly rounds: number
  readonly chunkElements?: number
}

export interface CollectiveReport {
  readonly rank: number
  /** Of each all-reduce, and of the plain copies of as many bytes as it writes and reads, in the same rounds. */
  readonly seconds: number[]
  readonly copySeconds: number[]
  readonly hash: number
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Largest difference from the sum in closed form. */
  readonly worst: number
}

function hashOf(array: Float32Array): number {
  let hash = 2166136261
  for (const word of new Uint32Array(array.buffer, array.byteOffset, array.length)) {
    hash = Math.imul(hash ^ word, 16777619)
  }
  return hash >>> 0
}

async function work(task: CollectiveTask): Promise<CollectiveReport> {
  const transport = openTransport(task.setup)
  const { rank, world } = transport
  const group = Array.from({ length: world }, (_, i) => i)
  const source = Float32Array.from({ length: task.elements }, (_, e) => (rank + 1) * ((e % 1000) / 1024))
  const target = new Float32Array(task.elements)
  const seconds: number[] = []
  const copySeconds: number[] = []
  const one = new Float32Array(1)
  const barrier = () =>
    runCollective({
      transport,
      request: { kind: 'allReduce', algorithm: 'star', size: world, elements: 1 },
      group,
      member: rank,
      source: one,
      target: one,
      channel: 'barrier',
      traffic: 'scalars',
    })
  // Each byte sent is copied onto the wire and off it again: 2 · 2(N−1)/N of the vector per rank.
  const copied = Math.round(((4 * (world - 1)) / world) * task.elements)
  for (let round = 0; round < task.rounds; round++) {
    await barrier()
    let start = performance.now()
    for (let left = copied; left > 0; left -= task.elements) {
      target.set(source.subarray(0, Math.min(left, task.elements)))
    }
    copySeconds.push((performance.now() - start) / 1000)
    await barrier()
    start = performance.now()
    await runCollective({
      transport,
      request: { kind: 'allReduce', algorithm: task.algorithm, size: world, elements: task.elements },
      group,
      member: rank,
      source,
      target,
      channel: 'reduce',
      traffic: 'gradients',
      ...(task.chunkElements === undefined ? {} : { chunkElements: task.chunkElements }),
    })
    seconds.push((performance.now() - start) / 1000)
  }
  let worst = 0
  const ranks = (world * (world + 1)) / 2
  for (const [e, value] of target.entries()) worst = Math.max(worst, Math.abs(value - ranks * ((e % 1000) / 1024)))
  await barrier()
  await transport.flush()
  const { gradients: sentBytes } = transport.sent
  const { gradients: receivedBytes } = transport.received
  // The peers may still be taking the last barrier off the wire: the port outlives this rank's own work.
  transport.close()
  return { rank, seconds, copySeconds, hash: hashOf(target), sentBytes, receivedBytes, worst }
}

const task: CollectiveTask = workerData
parentPort?.postMessage(await work(task))
