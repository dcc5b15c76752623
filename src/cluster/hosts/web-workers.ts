import type { ClusterHost } from '../cluster.ts'
import { createTransports } from '../transport/setup.ts'
import { workerPort } from './worker-protocol.ts'

/** A Web Worker per rank; shared memory between them where the page is isolated, transferred buffers where not. */
export const webWorkerHost: ClusterHost = {
  name: 'web-workers',
  async spawn(world, onDeath) {
    const workers = Array.from({ length: world }, (_, rank) => {
      const worker = new Worker(new URL('./rank.worker.ts', import.meta.url), { type: 'module', name: `rank ${rank}` })
      worker.addEventListener('error', (event) => onDeath(rank, event.message || 'its worker ended'))
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
        for (const worker of workers) worker.terminate()
      },
    }
  },
}
