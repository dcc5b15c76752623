import type { CostRule, KindsWith, OpOf } from '../../schedule/op-kinds.ts'
import { OP_KINDS, launchesOfOp } from '../../schedule/op-kinds.ts'
import type { ComputeOp, Op } from '../../schedule/program.ts'

/**
 * Ops of equal key launch the same kernels on the same sizes, so that one measurement serves all of them. Null for ops
 * that are not timed alone.
 */
export function workKey(op: Op): string | null {
  return KEYS[OP_KINDS[op.kind].cost]?.(op as never) ?? null
}

const KEYS: { readonly [Rule in CostRule]: ((op: OpOf<KindsWith<'cost', Rule>>) => string | null) | null } = {
  segment: keyOfSegment,
  update: keyOfLaunches,
  norm: keyOfLaunches,
  sum: keyOfLaunches,
  codec: null,
  fill: null,
  upload: null,
  copy: null,
  message: null,
  collective: null,
  nothing: null,
}

function keyOfSegment({ kind, segment, accumulate, args, dims }: ComputeOp): string {
  const { B, T, C, NH, KV, HS, F, V, rows, rowStart } = dims
  // What a norm adds to its gradient, and the sum after the last rows of a loss, are work, too.
  const more = `${accumulate ? ' +' : ''}${args['upstream'] ? ' upstream' : ''}${rowStart + rows < B * T ? ' more' : ''}`
  return `${kind} ${segment.kind} ${B} ${T} ${C} ${NH} ${KV} ${HS} ${F} ${V} ${rows}${more}`
}

function keyOfLaunches(op: Op): string | null {
  const launches = launchesOfOp(op)
  if (launches.length === 0) return null
  return `${op.kind} ${launches.length} ${launches.reduce((sum, each) => sum + each.bytes, 0)}`
}
