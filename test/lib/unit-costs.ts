import { isCompute } from '../../src/schedule/op-kinds.ts'
import type { ComputeOp, Op, Program } from '../../src/schedule/program.ts'
import type { CostModel } from '../../src/sim/cost/cost-model.ts'

type Part = 'F' | 'B' | 'I' | 'W'

/** The stage-level action an op belongs to; the head's forward runs within the backward of its micro-batch. */
function partOf(op: Op): Part | null {
  if (!isCompute(op)) return null
  const { kind, segment } = op
  if (kind === 'recompute') return null
  if (kind === 'backwardInput') return 'I'
  if (kind === 'backwardWeight') return 'W'
  if (kind === 'backward') return 'B'
  return segment.kind === 'logits' || segment.kind.startsWith('loss') ? null : 'F'
}

/**
 * The `schedule` block's costs for a whole Program: F = I = W = 1 per device and micro-batch, a full backward 2, a chunk
 * 1/v, everything else 0. An action's cost is spread evenly over its segments.
 */
export function unitCosts(program: Program, chunks: number): CostModel {
  const counts = new Map<string, number>()
  /** Actions that are full backwards: a segment without weights has only an input gradient even there. */
  const whole = new Set<string>()
  const place = (rank: number, { stage, microbatch }: Pick<ComputeOp, 'stage' | 'microbatch'>) =>
    `${rank} ${stage} ${microbatch}`
  const keyOf = (rank: number, op: Op, part: Part) => {
    const at = place(rank, op)
    return `${part !== 'F' && whole.has(at) ? 'B' : part} ${at}`
  }
  for (const { rank, step } of program.ranks)
    for (const op of step) if (op.kind === 'backward') whole.add(place(rank, op))
  for (const { rank, step } of program.ranks)
    for (const op of step) {
      const part = partOf(op)
      if (part === null) continue
      const key = keyOf(rank, op, part)
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  return {
    seconds: (op, rank) => {
      const part = partOf(op)
      if (part === null) return 0
      const key = keyOf(rank, op, part)
      return (key.startsWith('B') ? 2 : 1) / chunks / counts.get(key)!
    },
  }
}
