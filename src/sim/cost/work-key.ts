import type { Op } from '../../schedule/program.ts'
import { launchesOfOp } from '../../strategy/workspace.ts'

/**
 * Ops of equal key launch the same kernels on the same sizes, so that one measurement serves all. Null for ops that
 * launch nothing.
 */
export function workKey(op: Op): string | null {
  if ('segment' in op) {
    const { kind, segment, accumulate, args } = op
    const { B, T, C, NH, KV, HS, F, V, rows, rowStart } = op.dims
    // Norm gradients, and the sum after the last rows of a loss, add work too.
    const more = `${accumulate ? ' +' : ''}${args['upstream'] ? ' upstream' : ''}${rowStart + rows < B * T ? ' more' : ''}`
    return `${kind} ${segment.kind} ${B} ${T} ${C} ${NH} ${KV} ${HS} ${F} ${V} ${rows}${more}`
  }
  if (op.kind === 'optimizerStep' || op.kind === 'gradNorm' || op.kind === 'add') {
    const launches = launchesOfOp(op)
    if (launches.length === 0) return null
    return `${op.kind} ${launches.length} ${launches.reduce((sum, each) => sum + each.bytes, 0)}`
  }
  return null
}
