import { InvalidProgramError } from '../../core/errors.ts'
import type { Extent, OpPosition } from '../program-grid.ts'
import { printGridAround } from '../program-grid.ts'
import type { Op, Program } from '../program.ts'
import { opText } from '../text.ts'

/** One extent under validation: by rank, its list of ops. */
export interface Scope {
  readonly program: Program
  readonly extent: Extent
  readonly lists: readonly (readonly Op[])[]
}

/** The error for a fault at `places` (the first is the offending op, the others are marked too). */
export function invalidProgram(scope: Scope, fault: string, places: readonly OpPosition[]): InvalidProgramError {
  const first = places[0]
  const where = first === undefined ? '' : `rank ${first.rank}, ${opText(scope.lists[first.rank]![first.index]!)}: `
  const extent = scope.extent === 'step' ? '' : ` (${scope.extent})`
  return new InvalidProgramError(`${where}${fault}${extent}\n${printGridAround(scope.lists, places)}`)
}
