import type { Candidate } from './candidates.ts'

/** A candidate that fits, clocked. */
export interface ClockedCandidate {
  readonly candidate: Candidate
  readonly stepSeconds: number
  readonly tokensPerSecond: number
  /** Bytes of the fullest rank. */
  readonly memoryBytes: number
  readonly mfu: number
  readonly bubble: number
}
