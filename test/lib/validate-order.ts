import { InvalidProgramError } from '../../src/core/errors.ts'
import type { Action } from '../../src/schedule/actions.ts'
import { printAction, printActionGrid } from '../../src/schedule/actions.ts'
import type { Order } from '../../src/schedule/orders/shape.ts'
import { clockOrder } from '../../src/schedule/unit-clock.ts'

/**
 * Proves a stage-level order complete and free of deadlock: every micro-batch goes forward once through every stage and back
 * once, as one full backward or as input- and weight-gradient, on the rank that holds the stage, in an order that ends.
 *
 * @throws InvalidProgramError with the grid and the offending action marked
 */
export function validateOrder(order: Order, stageToRank: readonly number[], microbatches: number): void {
  const done = new Set<string>()
  for (const [rank, row] of order.entries())
    for (const [index, action] of row.entries()) {
      const refuse = (fault: string) =>
        new InvalidProgramError(
          `rank ${rank}, ${printAction(action)}: ${fault}\n${printActionGrid(order, { rank, index })}`,
        )
      if (stageToRank[action.stage] === undefined) throw refuse('there is no such stage')
      if (stageToRank[action.stage] !== rank) throw refuse(`stage is on rank ${stageToRank[action.stage]}`)
      if (action.microbatch >= microbatches) throw refuse(`there are ${microbatches} micro-batches`)
      for (const half of halvesOf(action)) {
        if (done.has(half)) throw refuse('done before')
        done.add(half)
      }
    }
  for (const [stage, rank] of stageToRank.entries())
    for (let microbatch = 0; microbatch < microbatches; microbatch++)
      for (const kind of ['F', 'I', 'W'] as const) {
        const text = printAction({ kind, stage, microbatch })
        if (!done.has(text)) throw new InvalidProgramError(`rank ${rank} never does ${text}\n${printActionGrid(order)}`)
      }
  clockOrder(order, { stageToRank })
}

/** A full backward is both halves. */
function halvesOf({ kind, stage, microbatch }: Action): string[] {
  const kinds = kind === 'B' ? (['I', 'W'] as const) : [kind]
  return kinds.map((each) => printAction({ kind: each, stage, microbatch }))
}
