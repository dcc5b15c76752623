import { sentence } from '../../core/fault.ts'
import { workerFault } from '../../core/worker-fault.ts'
import type { ClusterHost } from '../cluster.ts'
import { createTransports } from '../transport/setup.ts'
import { isAlive, workerPort } from './worker-protocol.ts'

/** A terminated worker sends nothing, but the lock that it held from its first message on is released. */
function whenReleased(lock: string, over: AbortSignal, then: () => void): void {
  navigator.locks
    .request(lock, { signal: over }, () => {
      if (!over.aborted) then()
    })
    .catch(() => undefined)
}

/** A Web Worker per rank; shared memory between them on an isolated page, transferred buffers otherwise. */
export const webWorkerHost: ClusterHost = {
  name: 'web-workers',
  async spawn(world, onDeath) {
    const over = new AbortController()
    const cluster = crypto.randomUUID()
    const workers = Array.from({ length: world }, (_, rank) => {
      const name = `rank ${rank} of ${cluster}`
      const worker = new Worker(new URL('./rank.worker.ts', import.meta.url), { type: 'module', name })
      worker.addEventListener('error', (event) => {
        // Handled here, by rank: it need not be passed on.
        event.preventDefault()
        onDeath(rank, workerFault(event, sentence('worker-ended')))
      })
      worker.addEventListener('message', ({ data }) => {
        if (isAlive(data)) whenReleased(name, over.signal, () => onDeath(rank, sentence('worker-ended')))
      })
      return worker
    })
    return {
      ports: workers.map((worker) =>
        workerPort({
          postMessage: (message, transfer) => worker.postMessage(message, transfer),
          listen: (listener) => worker.addEventListener('message', (event) => listener(event.data)),
          terminate: () => worker.terminate(),
        }),
      ),
      transports: createTransports(globalThis.crossOriginIsolated ? 'shared-ring' : 'ports', world),
      terminate: () => {
        over.abort()
        for (const worker of workers) worker.terminate()
      },
    }
  },
}
