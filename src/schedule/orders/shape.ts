import type { Action } from '../actions.ts'

/** Size of a pipeline: `stages` ranks (p), `microbatches` (m), `chunks` virtual stages per rank (v). */
export interface PipelineShape {
  readonly stages: number
  readonly microbatches: number
  readonly chunks: number
}

/** Times of one micro-batch on one virtual stage, any unit. A full backward takes I + W. */
export interface StageCosts {
  readonly F: number
  readonly I: number
  readonly W: number
  /** From one rank to another, without occupying compute. */
  readonly comm: number
}

/** F = I = W = 1 on every virtual stage, messages are free. */
export const UNIT_COSTS: StageCosts = { F: 1, I: 1, W: 1, comm: 0 }

/** By rank: its actions in order. */
export type Order = readonly (readonly Action[])[]

export const F = (stage: number, microbatch: number): Action => ({ kind: 'F', stage, microbatch })
export const B = (stage: number, microbatch: number): Action => ({ kind: 'B', stage, microbatch })
export const I = (stage: number, microbatch: number): Action => ({ kind: 'I', stage, microbatch })
export const W = (stage: number, microbatch: number): Action => ({ kind: 'W', stage, microbatch })

/** 0, 1, … count − 1. */
export function upTo(count: number): number[] {
  return Array.from({ length: Math.max(0, count) }, (_, i) => i)
}

/** Virtual stage s on rank s mod p: chunk by chunk around the ring. */
export function loopPlacement({ stages, chunks }: PipelineShape): number[] {
  return upTo(stages * chunks).map((stage) => stage % stages)
}

/** Down through the ranks and up again: with two chunks rank 0 holds the first and the last stage. */
export function vPlacement({ stages, chunks }: PipelineShape): number[] {
  return upTo(stages * chunks).map((stage) => {
    const within = stage % stages
    return Math.floor(stage / stages) % 2 === 0 ? within : stages - 1 - within
  })
}
