import type { RunConfig } from '../config/types.ts'
import { FaultError, errorOf } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import type { Fault } from '../core/fault.ts'
import { workerFault } from '../core/worker-fault.ts'
import { checkSize } from './plan-size.ts'
import { planFrom } from './plan-data.ts'
import type { PlanData } from './plan-data.ts'
import type { Plan } from './session.ts'

export type PlanReply =
  { readonly kind: 'planned'; readonly planned: PlanData } | { readonly kind: 'refused'; readonly fault: Fault }

/** The worker interface that planning needs. */
export interface PlanWorker {
  postMessage(config: RunConfig): void
  terminate(): void
}

export type OpenPlanWorker = (onReply: (reply: PlanReply) => void, fail: (fault: Fault) => void) => PlanWorker

const openWorker: OpenPlanWorker = (onReply, fail) => {
  const worker = new Worker(new URL('./plan.worker.ts', import.meta.url), { type: 'module', name: 'planner' })
  worker.addEventListener('message', (event: MessageEvent<PlanReply>) => onReply(event.data))
  worker.addEventListener('error', (event) => fail(workerFault(event, sentence('planner-not-loaded'))))
  return worker
}

/** Planning time limit, in seconds. */
const MAX_PLANNING_SECONDS = 60
/** An aborted plan may still finish by itself: a new worker takes about as long to load, in seconds. */
const GRACE_SECONDS = 0.25
/** An idle worker is terminated after this, to free its memory; in seconds. */
const IDLE_SECONDS = 2

interface Ask {
  answer(reply: PlanReply): void
  fail(error: Error): void
}

/** A worker and its current request. */
interface Held {
  readonly worker: PlanWorker
  ask: Ask | null
  resting: ReturnType<typeof setTimeout> | undefined
}

/**
 * Plans in one worker, one configuration after another. An aborted plan rejects at once, and its worker is terminated
 * soon; one that takes too long is refused.
 */
export function createPlanner(open: OpenPlanWorker = openWorker) {
  let kept: Held | null = null
  /** Settles when the worker is free, or terminated. */
  let free: Promise<unknown> = Promise.resolve()

  const made = (): Held => {
    const held: Held = {
      ask: null,
      resting: undefined,
      worker: open(
        (reply) => held.ask?.answer(reply),
        (fault) => held.ask?.fail(errorOf(fault)),
      ),
    }
    return held
  }
  const end = (held: Held) => {
    held.worker.terminate()
    if (kept === held) kept = null
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
    let held: Held
    try {
      held = kept ??= made()
    } catch (error) {
      release()
      throw error
    }
    clearTimeout(held.resting)
    return new Promise<Plan>((resolve, reject) => {
      const timers: ReturnType<typeof setTimeout>[] = []
      const after = (seconds: number, then: () => void) => timers.push(setTimeout(then, seconds * 1000))
      const over = () => {
        held.ask = null
        for (const timer of timers) clearTimeout(timer)
        release()
      }
      const give = (reason: Error) => {
        end(held)
        over()
        reject(reason)
      }
      held.ask = {
        answer(reply) {
          over()
          held.resting = setTimeout(() => end(held), IDLE_SECONDS * 1000)
          if (reply.kind === 'planned') resolve(planFrom(config, reply.planned))
          else reject(errorOf(reply.fault))
        },
        fail: give,
      }
      after(MAX_PLANNING_SECONDS, () =>
        give(new FaultError(sentence('planning-took-too-long', { seconds: MAX_PLANNING_SECONDS }))),
      )
      const abort = () => {
        const reason = signal?.reason as Error
        reject(reason)
        if (held.ask) after(GRACE_SECONDS, () => give(reason))
      }
      signal?.addEventListener('abort', abort, { once: true })
      held.worker.postMessage(config)
    })
  }
}
