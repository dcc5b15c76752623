import { InvalidProgramError } from '../core/errors.ts'
import type { Action } from './actions.ts'
import { printActionGrid } from './actions.ts'
import type { Order, StageCosts } from './orders/shape.ts'
import { UNIT_COSTS } from './orders/shape.ts'

export interface UnitClockOptions {
  /** Rank of every virtual stage. */
  readonly stageToRank: readonly number[]
  /** The same for every virtual stage, or one per virtual stage (an edge takes the lower stage's `comm`). */
  readonly costs?: StageCosts | readonly StageCosts[]
}

export interface ClockedOrder {
  /** By rank and position in its list. */
  readonly start: readonly Float64Array[]
  readonly end: readonly Float64Array[]
  /** From the first forward to the last backward. */
  readonly makespan: number
  /** 1 − work / (p · makespan). */
  readonly bubble: number
  /** 1 − work per device / (largest, over ranks, of last end − first start): the definition of Zero Bubble's Table 5. */
  readonly deviceBubble: number
  /** By rank: most (micro-batch, chunk) activations live at once, each freed at its full backward or weight-gradient. */
  readonly peakActivations: readonly number[]
  /** By rank: makespan − its own work. */
  readonly idle: readonly number[]
}

/**
 * Clocks an order: every rank runs its actions in order, each as soon as its input is available. A forward needs the
 * stage before, a backward or input-gradient its own forward and the stage after, a weight-gradient its input-gradient.
 * Between ranks an edge takes `comm` without occupying compute.
 *
 * @throws InvalidProgramError when ranks wait for each other, with the grid and the stuck action marked
 */
export function clockOrder(order: Order, options: UnitClockOptions): ClockedOrder {
  const { stageToRank, costs = UNIT_COSTS } = options
  const stages = stageToRank.length
  const costOf = (stage: number): StageCosts => ('F' in costs ? costs : costs[stage]!)
  const m = order.reduce((most, row) => row.reduce((n, each) => Math.max(n, each.microbatch + 1), most), 0)
  const forward = new Float64Array(stages * m).fill(-1)
  const input = new Float64Array(stages * m).fill(-1)
  const start = order.map((row) => new Float64Array(row.length))
  const end = order.map((row) => new Float64Array(row.length))
  const position = new Int32Array(order.length)
  const free = new Float64Array(order.length)

  const edge = (lower: number) => (stageToRank[lower] === stageToRank[lower + 1] ? 0 : costOf(lower).comm)
  /** When an action's inputs are available; −1: not yet known. */
  const ready = ({ kind, stage, microbatch }: Action): number => {
    const at = stage * m + microbatch
    if (kind === 'F') {
      if (stage === 0) return 0
      const before = forward[at - m]!
      return before < 0 ? -1 : before + edge(stage - 1)
    }
    if (kind === 'W') return input[at]!
    const own = forward[at]!
    if (own < 0 || stage === stages - 1) return own
    const upstreamEnd = input[at + m]!
    return upstreamEnd < 0 ? -1 : Math.max(own, upstreamEnd + edge(stage))
  }

  const queue = order.map((_, rank) => rank)
  for (let rank = queue.pop(); rank !== undefined; rank = queue.pop()) {
    const row = order[rank]!
    for (let i = position[rank]!; i < row.length; i++) {
      const action = row[i]!
      const { kind, stage, microbatch } = action
      const from = ready(action)
      if (from < 0) break
      const cost = costOf(stage)
      const at = stage * m + microbatch
      start[rank]![i] = Math.max(free[rank]!, from)
      const done = start[rank]![i]! + (kind === 'B' ? cost.I + cost.W : cost[kind])
      end[rank]![i] = free[rank] = done
      position[rank] = i + 1
      if (kind === 'F') {
        forward[at] = done
        wake(stage + 1)
      } else if (kind !== 'W') {
        input[at] = done
        wake(stage - 1)
      }
    }
    function wake(stage: number): void {
      const neighbour = stageToRank[stage]
      if (neighbour !== undefined && neighbour !== rank) queue.push(neighbour)
    }
  }
  refuseDeadlock(order, position)
  return summarize(order, start, end, costOf)
}

function refuseDeadlock(order: Order, position: Int32Array): void {
  const rank = order.findIndex((row, r) => position[r]! < row.length)
  if (rank < 0) return
  const index = position[rank]!
  const { kind, stage, microbatch } = order[rank]![index]!
  throw new InvalidProgramError(
    `rank ${rank} waits for ever at ${stage}${kind}${microbatch}\n${printActionGrid(order, { rank, index })}`,
  )
}

function summarize(
  order: Order,
  start: readonly Float64Array[],
  end: readonly Float64Array[],
  costOf: (stage: number) => StageCosts,
): ClockedOrder {
  const work = order.map((row) =>
    row.reduce((sum, { kind, stage }) => {
      const cost = costOf(stage)
      return sum + (kind === 'B' ? cost.I + cost.W : cost[kind])
    }, 0),
  )
  const total = work.reduce((sum, each) => sum + each, 0)
  const makespan = Math.max(0, ...end.map((times) => times.at(-1) ?? 0))
  const span = Math.max(0, ...end.map((times, rank) => (times.at(-1) ?? 0) - (start[rank]![0] ?? 0)))
  return {
    start,
    end,
    makespan,
    bubble: makespan === 0 ? 0 : 1 - total / (order.length * makespan),
    deviceBubble: span === 0 ? 0 : 1 - total / order.length / span,
    peakActivations: peakActivationsOf(order),
    idle: work.map((each) => makespan - each),
  }
}

/** By rank: most (micro-batch, chunk) activations live at once, each freed at its full backward or weight-gradient. */
function peakActivationsOf(order: Order): number[] {
  return order.map((row) => {
    let live = 0
    let peak = 0
    for (const { kind } of row) {
      if (kind === 'F') peak = Math.max(peak, ++live)
      else if (kind !== 'I') live--
    }
    return peak
  })
}
