import type { RunConfig } from '../config/types.ts'
import { AsyncOrder } from '../schedule/async-order.ts'
import type { LoadBatchOp } from '../schedule/program.ts'
import { turnOf } from '../strategy/data/async-server.ts'
import { equallyShapedParts } from '../strategy/split-batch.ts'
import type { Executor } from './executor.ts'
import type { HandlerContext } from './handlers/context.ts'

/**
 * Runs a rank's turns in the order of the virtual clock. Every rank follows the same order and runs its share of each
 * event, so that workers compute concurrently while the server handles them one after another.
 */
export class Turns {
  private readonly order: AsyncOrder
  private readonly parts: readonly (readonly (readonly number[])[])[]
  private part = 0
  private version = 0
  private readonly pulled: number[]
  /** Updates of the last step. */
  updates = 0

  constructor(config: RunConfig) {
    this.parts = equallyShapedParts(config)
    this.order = new AsyncOrder(virtualDurations(config), config.parallel.server.maxStaleness)
    this.pulled = this.parts.map(() => 0)
  }

  /** Samples of the current part, for a micro-batch. */
  samples(op: LoadBatchOp): readonly number[] {
    return this.parts[this.part]![op.microbatch ?? 0]!
  }

  /** Runs one step; returns the staleness of every push applied in it, as counted by this rank. */
  async step(executor: Executor, context: HandlerContext, step: number): Promise<number[]> {
    const staleness: number[] = []
    this.updates = 0
    const run = async (turn: string) => {
      if (executor.hasTurn(turn)) await executor.runTurn(turn, step)
    }
    for (const event of this.order.next())
      if (event.kind === 'pull') {
        this.pulled[event.worker] = this.version
        await run(turnOf('answer', event.worker))
      } else if (event.kind === 'push') {
        this.part = event.part
        await run(turnOf('work', event.worker))
        await run(turnOf('take', event.worker))
      } else {
        staleness.push(...event.members.map((worker) => this.version - this.pulled[worker]!))
        context.update = this.version++
        this.updates++
        await run(turnOf('update', event.members.at(-1)!))
      }
    return staleness
  }
}

/** Virtual time of a push: a worker's compute, scaled by its slowdown. */
function virtualDurations(config: RunConfig): number[] {
  const { stragglers } = config.cluster
  return Array.from(
    { length: config.parallel.data },
    (_, worker) => stragglers.find(({ rank }) => rank === worker)?.slowdown ?? 1,
  )
}
