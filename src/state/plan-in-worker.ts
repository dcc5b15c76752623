import type { Problem } from '../config/check.ts'
import type { RunConfig } from '../config/types.ts'
import { RefusedError } from '../core/errors.ts'
import { say } from '../core/said.ts'
import { checkSize } from './plan-size.ts'
import { planFrom } from './planned.ts'
import type { Planned } from './planned.ts'
import type { Plan } from './session.ts'

export type PlanReply =
  { readonly kind: 'planned'; readonly planned: Planned } | { readonly kind: 'refused'; readonly problem: Problem }

/** What planning needs of a worker. */
export interface PlanWorker {
  postMessage(config: RunConfig): void
  terminate(): void
}

export type OpenPlanWorker = (hear: (reply: PlanReply) => void, fail: (message: string) => void) => PlanWorker

const openWorker: OpenPlanWorker = (hear, fail) => {
  const worker = new Worker(new URL('./plan.worker.ts', import.meta.url), { type: 'module', name: 'planner' })
  worker.addEventListener('message', (event: MessageEvent<PlanReply>) => hear(event.data))
  worker.addEventListener('error', (event) => fail(event.message || 'the planner could not be loaded'))
  return worker
}

/** After this nobody waits any longer, in seconds. */
const LONGEST = 60
/** What nobody wants any more may still end by itself: a new worker takes about as long to load, in seconds. */
const GRACE = 0.25

/**
 * Plans in one worker, one configuration after another. What is aborted rejects at once, and its worker is ended soon;
 * what takes too long is refused.
 */
export function createPlanner(open: OpenPlanWorker = openWorker) {
  let idle: { readonly worker: PlanWorker; ask: Ask | null } | null = null
  /** Settles when the worker is free, or gone. */
  let free: Promise<unknown> = Promise.resolve()

  const made = () => {
    const held: { worker: PlanWorker; ask: Ask | null } = {
      ask: null,
      worker: open(
        (reply) => held.ask?.answer(reply),
        (message) => held.ask?.fail(new Error(message)),
      ),
    }
    return held
  }

  return async function plan(config: RunConfig, signal?: AbortSignal): Promise<Plan> {
    checkSize(config)
    const before = free
    let release!: () => void
    free = new Promise<void>((resolve) => (release = resolve))
    await before
    if (signal?.aborted) {
      release()
      throw signal.reason as Error
    }
    const held = (idle ??= made())
    return new Promise<Plan>((resolve, reject) => {
      const timers: ReturnType<typeof setTimeout>[] = []
      const over = () => {
        held.ask = null
        for (const timer of timers) clearTimeout(timer)
        release()
      }
      const end = () => {
        held.worker.terminate()
        if (idle === held) idle = null
        over()
      }
      const after = (seconds: number, then: () => void) => timers.push(setTimeout(then, seconds * 1000))
      held.ask = {
        answer(reply) {
          over()
          if (reply.kind === 'planned') resolve(planFrom(config, reply.planned))
          else reject(new RefusedError(reply.problem.field, reply.problem.said ?? reply.problem.message))
        },
        fail(error) {
          end()
          reject(error)
        },
      }
      after(LONGEST, () => {
        end()
        reject(
          new RefusedError('', say`planning took longer than ${LONGEST} s; use fewer ranks, micro-batches or blocks`),
        )
      })
      signal?.addEventListener(
        'abort',
        () => {
          reject(signal.reason as Error)
          after(GRACE, end)
        },
        { once: true },
      )
      held.worker.postMessage(config)
    })
  }
}

interface Ask {
  answer(reply: PlanReply): void
  fail(error: Error): void
}
