import type { RunConfig } from '../config/types.ts'
import { faultOf } from '../core/errors.ts'
import { predict } from './engine-plan.ts'
import type { PlanReply } from './plan-in-worker.ts'

const post = (reply: PlanReply) => self.postMessage(reply)

/** Compiles off the main thread; terminated when the answer is no longer needed. */
self.addEventListener('message', ({ data }: MessageEvent<RunConfig>) => {
  try {
    post({ kind: 'planned', planned: predict(data) })
  } catch (error) {
    post({ kind: 'refused', fault: faultOf(error) })
  }
})
