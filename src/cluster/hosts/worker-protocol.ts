import type { RankPort, RankReply, RankRequest } from '../protocol.ts'
import { transfersOf } from '../transport/setup.ts'

/** The common interface of a browser's Worker and Node's (through a thin shim). */
export interface WorkerLike {
  postMessage(message: unknown, transfer: Transferable[]): void
  listen(listener: (message: unknown) => void): void
  terminate(): void
}

/** Both ends of requests and replies are this program: checking `kind` is enough to tell a message from noise. */
function isMessage<Message>(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'kind' in message
}

/** Sent once a worker holds the lock of its name: from then on a free lock means that it has died. */
export const ALIVE = 'alive'

export function isAlive(message: unknown): boolean {
  return isMessage<{ kind: string }>(message) && message.kind === ALIVE
}

/** The coordinator's end of a worker. */
export function workerPort(worker: WorkerLike): RankPort<RankRequest, RankReply> {
  return {
    post: (message) => worker.postMessage(message, message.kind === 'open' ? transfersOf(message.transport) : []),
    listen: (listener) =>
      worker.listen((message) => isMessage<RankReply>(message) && !isAlive(message) && listener(message)),
    close: () => undefined,
  }
}

/** The rank's end, in the worker. */
export function rankPort(scope: Omit<WorkerLike, 'terminate'>, close: () => void): RankPort<RankReply, RankRequest> {
  return {
    post: (message) => scope.postMessage(message, []),
    listen: (listener) => scope.listen((message) => isMessage<RankRequest>(message) && listener(message)),
    close,
  }
}
