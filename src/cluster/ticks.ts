import type { SegmentKind } from '../core/segments.ts'
import { SCHEDULES } from '../schedule/registry.ts'
import type { ScheduleId } from '../schedule/registry.ts'
import { isCompute } from '../schedule/op-kinds.ts'
import type { Op } from '../schedule/program.ts'

/** The head's products and the loss run at the start of the last stage's backward. */
const HEAD: readonly SegmentKind[] = ['logits', 'loss', 'lossStats', 'lossSharded']

/**
 * The stage-level action an op belongs to ("0F3"); null for ops that go with their neighbours (messages, inputs,
 * updates).
 */
function actionOf(op: Op, splits: boolean): string | null {
  if (!isCompute(op) || op.stage === undefined || op.microbatch === undefined) return null
  const forward = op.kind === 'forward' && !HEAD.includes(op.segment.kind)
  const letter = forward ? 'F' : op.kind === 'backwardWeight' && splits ? 'W' : 'B'
  return `${op.stage}${letter}${op.microbatch}`
}

/** Ops from `start` on up to the end of the current action: one pipeline tick. */
export function opsInTick(ops: readonly Op[], start: number, schedule: ScheduleId): number {
  const splits = SCHEDULES[schedule].splitsBackward
  let present: string | null = null
  for (let i = start; i < ops.length; i++) {
    const action = actionOf(ops[i]!, splits)
    if (action === null) continue
    if (present !== null && action !== present) return i - start
    present = action
  }
  return ops.length - start
}
