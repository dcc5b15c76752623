import { SCHEDULES } from '../schedule/registry.ts'
import type { ScheduleId } from '../schedule/registry.ts'
import type { Op } from '../schedule/program.ts'

/** Which stage-level action an op belongs to ("0F3"); null for what goes with its neighbours (messages, inputs, updates). */
function actionOf(op: Op, splits: boolean): string | null {
  if (!('segment' in op) || op.stage === undefined || op.microbatch === undefined) return null
  // The head's products and the loss run at the start of the last stage's backward.
  const head = op.segment.kind === 'logits' || op.segment.kind === 'loss'
  const forward = op.kind === 'forward' && !head
  const letter = forward ? 'F' : op.kind === 'backwardWeight' && splits ? 'W' : 'B'
  return `${op.stage}${letter}${op.microbatch}`
}

/**
 * Ops a rank that is held before op `id` runs until its present action is over: one tick of the pipeline.
 * @param id null: before the first op of a step
 */
export function opsInTick(ops: readonly Op[], id: number | null, schedule: ScheduleId): number {
  const splits = SCHEDULES[schedule].splitsBackward
  const start = Math.max(
    0,
    ops.findIndex((op) => op.id === id),
  )
  let present: string | null = null
  for (let i = start; i < ops.length; i++) {
    const action = actionOf(ops[i]!, splits)
    if (action === null) continue
    if (present !== null && action !== present) return i - start
    present = action
  }
  return ops.length - start
}
