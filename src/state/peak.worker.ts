import type { RunConfig } from '../config/types.ts'
import { fullestPeak } from './peak.ts'

/** Predicts peaks beside the page, in the order in which it is asked. */
self.addEventListener('message', ({ data }: MessageEvent<RunConfig>) => self.postMessage(fullestPeak(data)))
