import type { RunConfig } from '../config/types.ts'
import type { RankView } from './run-state.ts'

/** A rank stands out from this multiple of the median. */
const STANDOUT_RATIO = 1.15

export interface Slowest {
  readonly rank: number
  readonly seconds: number
  readonly median: number
}

/** Compute time of each rank per step, including a straggler's slowdown; null where nothing is measured yet. */
export function computeSeconds(ranks: readonly RankView[], { cluster }: RunConfig): (number | null)[] {
  return ranks.map(({ deviceSeconds }, rank) => {
    const slowdown = cluster.stragglers.find((each) => each.rank === rank)?.slowdown ?? 1
    return deviceSeconds === null ? null : deviceSeconds * slowdown
  })
}

/** The rank with the longest compute time, if it stands out. */
export function slowestRank(ranks: readonly RankView[], config: RunConfig): Slowest | null {
  const times = computeSeconds(ranks, config).flatMap((seconds, rank) => (seconds === null ? [] : [{ rank, seconds }]))
  if (times.length < 2) return null
  const sorted = [...times].sort((a, b) => a.seconds - b.seconds)
  // The lower of the two middle values, so that of two ranks the slower can stand out.
  const median = sorted[(sorted.length - 1) >> 1]!.seconds
  const { rank, seconds } = sorted.at(-1)!
  return seconds >= STANDOUT_RATIO * median ? { rank, seconds, median } : null
}
