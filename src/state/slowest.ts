import type { RunConfig } from '../config/types.ts'
import type { RankView } from './run-state.ts'

/** From this multiple of the median on a rank stands out. */
const STANDS_OUT = 1.15

export interface Slowest {
  readonly rank: number
  readonly seconds: number
  readonly median: number
}

/** The rank that computes longest in a step, where it stands out; a straggler's time counts as many times as it takes. */
export function slowestRank(ranks: readonly RankView[], { cluster }: RunConfig): Slowest | null {
  const times = ranks.flatMap(({ deviceSeconds }, rank) => {
    const slowdown = cluster.stragglers.find((each) => each.rank === rank)?.slowdown ?? 1
    return deviceSeconds === null ? [] : [{ rank, seconds: deviceSeconds * slowdown }]
  })
  if (times.length < 2) return null
  const sorted = [...times].sort((a, b) => a.seconds - b.seconds)
  // The lower of the two middle ones, so that of two ranks the slower can stand out.
  const median = sorted[(sorted.length - 1) >> 1]!.seconds
  const { rank, seconds } = sorted.at(-1)!
  return seconds >= STANDS_OUT * median ? { rank, seconds, median } : null
}
