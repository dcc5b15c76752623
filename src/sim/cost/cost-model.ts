import type { Op } from '../../schedule/program.ts'

/** How long ops take: all that the clock knows of hardware. Deterministic, and never a look at a clock. */
export interface CostModel {
  /**
   * Seconds an op keeps its stream on `rank`: of compute, its kernels; of a send, from the hand-over to the arrival of the
   * message; of a collective, from the meeting of its members to its end; 0 of a recv, which only waits.
   */
  readonly seconds: (op: Op, rank: number) => number
}
