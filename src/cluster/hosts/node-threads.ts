import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { faultOf } from '../../core/errors.ts'
import { sentence } from '../../core/fault.ts'
import type { ClusterHost } from '../cluster.ts'
import { Rank } from '../rank.ts'
import { createTransports } from '../transport/setup.ts'
import { closeNodeGpu, openNodeGpu } from './node-gpu.ts'
import { nodeRankHost } from './node-tasks.ts'
import { rankPort, workerPort } from './worker-protocol.ts'

const MARK = 'tabcluster rank'

/**
 * A worker_thread per rank, as a browser has a Web Worker per rank. Slower than tasks of one thread where ranks share
 * cores: every thread polls Dawn. `entry` is a module that calls `runRankThread` first.
 */
export function nodeThreadHost(entry: URL): ClusterHost {
  return {
    name: 'node-threads',
    async spawn(world, onDeath) {
      // Finding a driver sets the process environment, which a thread cannot.
      await openNodeGpu()
      closeNodeGpu()
      let terminated = false
      const workers = Array.from({ length: world }, (_, rank) => {
        const worker = new Worker(entry, { workerData: MARK, name: `rank ${rank}` })
        worker.on('error', (error: Error) => onDeath(rank, faultOf(error)))
        worker.on('exit', () => terminated || onDeath(rank, sentence('thread-ended')))
        return worker
      })
      return {
        ports: workers.map((worker) =>
          workerPort({
            postMessage: (message, transfer) => worker.postMessage(message, transfer as never),
            listen: (listener) => void worker.on('message', listener),
            terminate: () => void worker.terminate(),
          }),
        ),
        transports: createTransports('shared-ring', world),
        terminate() {
          terminated = true
          for (const worker of workers) void worker.terminate()
        },
      }
    },
  }
}

/** In a rank's thread: runs the rank and returns true. Elsewhere: false. */
export function runRankThread(): boolean {
  if (isMainThread || workerData !== MARK || parentPort === null) return false
  const parent = parentPort
  const scope = {
    postMessage: (message: unknown, transfer: Transferable[]) => parent.postMessage(message, transfer as never),
    listen: (listener: (message: unknown) => void) => void parent.on('message', listener),
  }
  // Kept alive by its port.
  void new Rank(
    rankPort(scope, () => {
      closeNodeGpu()
      parent.close()
    }),
    nodeRankHost,
  )
  return true
}
