import type { RunConfig } from '../config/types.ts'
import { fullestPeak } from './peak.ts'

/** Predicts peaks off the main thread, in request order. */
self.addEventListener('message', ({ data }: MessageEvent<RunConfig>) => self.postMessage(fullestPeak(data)))
