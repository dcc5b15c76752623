import type { Op } from '../../schedule/program.ts'

/** Durations of ops: all that the clock knows of hardware. Deterministic, independent of real time. */
export interface CostModel {
  /**
   * Seconds an op occupies its stream on `rank`: for compute, its kernels; for a send, from start to arrival of the
   * message; for a collective, from the arrival of all members to its end; 0 for a recv, which only waits.
   */
  readonly seconds: (op: Op, rank: number) => number
}
