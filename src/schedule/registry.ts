import { refused } from '../core/errors.ts'
import type { RefusedError } from '../core/errors.ts'
import { joined } from '../core/fault.ts'
import type { FaultValue } from '../core/fault.ts'
import { gpipeOrder } from './orders/gpipe.ts'
import { interleavedOrder } from './orders/interleaved.ts'
import { naiveOrder } from './orders/naive.ts'
import { oneForwardOneBackwardOrder } from './orders/one-forward-one-backward.ts'
import type { Order, PipelineShape, StageCosts } from './orders/shape.ts'
import { loopPlacement, vPlacement } from './orders/shape.ts'
import { zbH1Order } from './orders/zb-h1.ts'
import { zbH2Order } from './orders/zb-h2.ts'
import { zbVOrder } from './orders/zb-v.ts'

/** A pipeline schedule; adding one takes only a row here. */
export interface Schedule {
  readonly title: string
  /** Allowed virtual stages per rank, and a form's suggestion. */
  readonly chunks: { readonly least: number; readonly most: number; readonly proposed: number }
  /** Backward is split into input-gradient (I) and weight-gradient (W) actions. */
  readonly splitsBackward: boolean
  /** Micro-batches must be a multiple of the ranks. */
  readonly wholeRounds: boolean
  /** Rank of every virtual stage. */
  readonly stageToRank: (shape: PipelineShape) => readonly number[]
  /** By rank, its actions in order. `costs` guide the schedules found by search. */
  readonly order: (shape: PipelineShape, costs?: StageCosts) => Order
}

const single = { least: 1, most: 1, proposed: 1 }

export const SCHEDULES = {
  naive: {
    title: 'Naive model parallelism',
    chunks: single,
    splitsBackward: false,
    wholeRounds: false,
    stageToRank: loopPlacement,
    order: naiveOrder,
  },
  gpipe: {
    title: 'GPipe',
    chunks: single,
    splitsBackward: false,
    wholeRounds: false,
    stageToRank: loopPlacement,
    order: gpipeOrder,
  },
  '1f1b': {
    title: '1F1B',
    chunks: single,
    splitsBackward: false,
    wholeRounds: false,
    stageToRank: loopPlacement,
    order: oneForwardOneBackwardOrder,
  },
  'interleaved-1f1b': {
    title: 'Interleaved 1F1B',
    chunks: { least: 2, most: Infinity, proposed: 2 },
    splitsBackward: false,
    wholeRounds: true,
    stageToRank: loopPlacement,
    order: interleavedOrder,
  },
  'zb-h1': {
    title: 'Zero bubble H1',
    chunks: single,
    splitsBackward: true,
    wholeRounds: false,
    stageToRank: loopPlacement,
    order: zbH1Order,
  },
  'zb-h2': {
    title: 'Zero bubble H2',
    chunks: single,
    splitsBackward: true,
    wholeRounds: false,
    stageToRank: loopPlacement,
    order: zbH2Order,
  },
  'zb-v': {
    title: 'Zero bubble V',
    chunks: { least: 2, most: 2, proposed: 2 },
    splitsBackward: true,
    wholeRounds: false,
    stageToRank: vPlacement,
    order: zbVOrder,
  },
} as const satisfies Record<string, Schedule>

export type ScheduleId = keyof typeof SCHEDULES

export const SCHEDULE_NAMES = Object.keys(SCHEDULES) as readonly ScheduleId[]

export function scheduleOf(name: ScheduleId): Schedule {
  return SCHEDULES[name]
}

/** Why a schedule cannot run this shape, or null. */
export function refusalOf(name: ScheduleId, shape: PipelineShape): RefusedError | null {
  const { chunks, wholeRounds } = scheduleOf(name)
  const { stages: p, microbatches: m, chunks: v } = shape
  if (!Number.isInteger(p) || p < 1) return refused('parallel.pipeline', 'not-from-1', { value: p })
  if (!Number.isInteger(m) || m < 1) return refused('batch.microbatches', 'not-from-1', { value: m })
  if (!Number.isInteger(v) || v < chunks.least || v > chunks.most) {
    return chunks.most === chunks.least
      ? refused('parallel.chunks', 'schedule-takes-exact-chunks', { chunks: v, schedule: name, exactly: chunks.least })
      : refused('parallel.chunks', 'schedule-takes-more-chunks', { chunks: v, schedule: name, least: chunks.least })
  }
  if (wholeRounds && m % p !== 0)
    return refused('batch.microbatches', 'schedule-takes-multiples', {
      microbatches: m,
      schedule: name,
      pipeline: p,
      near: multiplesNear(m, p),
    })
  return null
}

/** The parts of a run configuration that determine its pipeline order. */
export interface PipelineConfig {
  readonly parallel: { readonly pipeline: number; readonly chunks: number; readonly schedule: ScheduleId }
  readonly batch: { readonly microbatches: number }
}

export function shapeOf({ parallel, batch }: PipelineConfig): PipelineShape {
  return { stages: parallel.pipeline, microbatches: batch.microbatches, chunks: parallel.chunks }
}

/** By pipeline rank, its stage-level actions; and the rank of every virtual stage. @throws RefusedError */
export function actionsOf(config: PipelineConfig): { actions: Order; stageToRank: readonly number[] } {
  const shape = shapeOf(config)
  const refusal = refusalOf(config.parallel.schedule, shape)
  if (refusal !== null) throw refusal
  const schedule = scheduleOf(config.parallel.schedule)
  return { actions: schedule.order(shape), stageToRank: schedule.stageToRank(shape) }
}

function multiplesNear(m: number, p: number): FaultValue {
  const below = Math.floor(m / p) * p
  return below === 0 ? p : joined('either', [below, below + p])
}
