import { errorOf } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import { workerFault } from '../core/worker-fault.ts'
import type { RunConfig } from '../config/types.ts'

/**
 * Predicted bytes of the fullest device under each configuration, in their order; null for what does not compile.
 * A dedicated worker compiles them one after another, and ends with them or on abort.
 *
 * @throws the signal's reason when it aborts
 */
export function peaksInWorker(configs: readonly RunConfig[], signal: AbortSignal): Promise<(number | null)[]> {
  signal.throwIfAborted()
  if (configs.length === 0) return Promise.resolve([])
  const worker = new Worker(new URL('./peak.worker.ts', import.meta.url), { type: 'module', name: 'peaks' })
  const peaks: (number | null)[] = []
  return new Promise<(number | null)[]>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    worker.addEventListener('message', ({ data }: MessageEvent<number | null>) => {
      peaks.push(data)
      if (peaks.length === configs.length) resolve(peaks)
    })
    worker.addEventListener('error', (event) => reject(errorOf(workerFault(event, sentence('planner-not-loaded')))))
    for (const config of configs) worker.postMessage(config)
  }).finally(() => worker.terminate())
}
