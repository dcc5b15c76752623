import type { Action } from './actions.ts'
import { printAction, printCells } from './actions.ts'
import type { Order } from './orders/shape.ts'
import type { ClockedOrder } from './unit-clock.ts'

/** By rank and tick: the action in [tick · unit, (tick + 1) · unit), null when idle. */
export type TickGrid = readonly (readonly (Action | null)[])[]

/** The clock-cycle view of a clocked order. An action of several ticks fills several cells. */
export function tickGrid(order: Order, clocked: ClockedOrder, unit = 1): TickGrid {
  const ticks = Math.ceil(clocked.makespan / unit - 1e-9)
  return order.map((row, rank) => {
    const cells = new Array<Action | null>(ticks).fill(null)
    for (const [i, action] of row.entries()) {
      // Half a tick in: rounding must not move an action into an adjacent cell.
      const first = Math.round(clocked.start[rank]![i]! / unit)
      const after = Math.max(first + 1, Math.round(clocked.end[rank]![i]! / unit))
      for (let tick = first; tick < after && tick < ticks; tick++) cells[tick] = action
    }
    return cells
  })
}

export function printTickGrid(grid: TickGrid): string {
  return printCells(grid.map((row) => row.map((each) => (each === null ? '·' : printAction(each)))))
}
