import { accessOf } from './access.ts'
import type { ComputeWork } from './launches.ts'
import { boundBy, launchesOf } from './launches.ts'
import { segmentOf } from './segments/registry.ts'

/**
 * Reads and writes of a compute op: those of its kernels, and what no kernel binds. That is kept for the backward by software
 * whose kernels are not here (`saves` of a segment): a forward leaves it, a backward reads it.
 */
export function accessOfWork(work: ComputeWork): { reads: string[]; writes: string[] } {
  const { kind, segment, args } = work
  const { reads, writes } = accessOf(launchesOf(work))
  const bound = boundBy(segmentOf(segment.kind), kind, args)
  const saved = Object.keys(args).flatMap((role) => (bound[role] === undefined ? [args[role]!] : []))
  const leaves = kind === 'forward' || kind === 'recompute'
  return leaves ? { reads, writes: [...writes, ...saved] } : { reads: [...reads, ...saved], writes }
}
