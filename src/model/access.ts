import type { KernelName } from './kernels.ts'
import { KERNELS } from './kernels.ts'
import type { LaunchAccess } from './launches.ts'

/** Kernels that fill one part of an output while others fill the rest: its previous content is not used. */
const PARTIAL_WRITERS: ReadonlySet<KernelName> = new Set([
  'attention_backward_query',
  'attention_backward_key_value',
  'squared_norm',
])

/**
 * What a list of launches needs from before (reads) and leaves behind (writes). An accumulating output counts as read
 * only when it actually accumulates; a buffer first written inside the list is not a read. Unused roles are named ''.
 */
export function accessOf(launches: readonly LaunchAccess[]): { reads: string[]; writes: string[] } {
  const reads = new Set<string>()
  const writes = new Set<string>()
  for (const launch of launches) {
    const outputs: string[] = []
    for (const [role, access] of KERNELS[launch.kernel].bindings) {
      const name = launch.buffers[role]
      if (name === undefined || name === '') continue
      const replaced = launch.params.accumulate === 0 || PARTIAL_WRITERS.has(launch.kernel)
      if ((access === 'in' || (access === 'inout' && !replaced)) && !writes.has(name)) reads.add(name)
      if (access !== 'in') outputs.push(name)
    }
    for (const name of outputs) writes.add(name)
  }
  return { reads: [...reads], writes: [...writes] }
}
