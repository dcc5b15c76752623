import { accessOf } from './access.ts'
import type { ComputeWork } from './launches.ts'
import { boundBy, launchAccesses } from './launches.ts'
import { segmentOf } from './segments/registry.ts'

/**
 * Reads and writes of a compute op: those of its kernels, and buffers that no kernel binds. The latter (`saves` of a
 * segment) are kept for the backward by other software: a forward writes them, a backward reads them.
 */
export function accessOfWork(work: ComputeWork): { reads: string[]; writes: string[] } {
  const { kind, segment, args } = work
  const { reads, writes } = accessOf(launchAccesses(work))
  const bound = boundBy(segmentOf(segment.kind), kind, args)
  const saved = Object.keys(args).flatMap((role) => (bound[role] === undefined ? [args[role]!] : []))
  const leaves = kind === 'forward' || kind === 'recompute'
  return leaves ? { reads, writes: [...writes, ...saved] } : { reads: [...reads, ...saved], writes }
}
