import { FaultError } from '../../core/errors.ts'
import { sentence } from '../../core/fault.ts'
import { openDevice } from '../../gpu/device.ts'
import { Rank } from '../rank.ts'
import { openTransport } from '../transport/setup.ts'
import { ALIVE, rankPort } from './worker-protocol.ts'

/** A rank in a Web Worker. */
const scope = {
  postMessage: (message: unknown, transfer: Transferable[]) => self.postMessage(message, { transfer }),
  listen: (listener: (message: unknown) => void) => self.addEventListener('message', (event) => listener(event.data)),
}

// The conductor is notified of exceptions, but not of unhandled rejections.
self.addEventListener('unhandledrejection', (event) => reportError(event.reason))

// Held as long as this worker lives (web-workers.ts).
void navigator.locks.request(self.name, () => {
  self.postMessage({ kind: ALIVE })
  return new Promise(() => {})
})

const port = rankPort(scope, () => self.close())

// Kept alive by its port.
export const rank = new Rank(port, {
  async openGpu(request) {
    if (!('gpu' in navigator)) throw new FaultError(sentence('no-webgpu'))
    return openDevice({
      gpu: navigator.gpu,
      adapter: request.adapter,
      budgetBytes: request.config.cluster.memoryBytes,
      variants: request.variants,
    })
  },
  openTransport: (request) => openTransport(request.transport),
})
