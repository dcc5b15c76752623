import { evenParts } from '../core/parts.ts'
import type { Span } from '../schedule/program.ts'
import { offsetsOf, span } from './draft.ts'
import type { LocalParameter } from './layout.ts'

/** A range of a parameter owned by one member of the data group: its optimizer state, gradient and values. */
export interface OwnedPiece {
  readonly parameter: LocalParameter
  /** Index in the data group. */
  readonly owner: number
  readonly from: number
  readonly length: number
}

export type Partition = 'flat' | 'greedy'

/**
 * Assigns parameters to the members of a data group. flat: the concatenated parameters, split into parts that differ by
 * at most one element, so that a member may own the end of one tensor and the start of the next. greedy: whole tensors,
 * largest first, each to the member with the least so far. Sorted by owner, then in the order of `parameters`.
 */
export function ownership(parameters: readonly LocalParameter[], members: number, kind: Partition): OwnedPiece[] {
  return kind === 'flat' ? flat(parameters, members) : greedy(parameters, members)
}

function flat(parameters: readonly LocalParameter[], members: number): OwnedPiece[] {
  const starts = offsetsOf(parameters.map((each) => each.elements))
  const total = parameters.reduce((sum, each) => sum + each.elements, 0)
  const parts = evenParts(total, members)
  return offsetsOf(parts).flatMap((begin, owner) =>
    parameters.flatMap((parameter, i) => {
      const low = Math.max(begin, starts[i]!)
      const high = Math.min(begin + parts[owner]!, starts[i]! + parameter.elements)
      return high > low ? [{ parameter, owner, from: low - starts[i]!, length: high - low }] : []
    }),
  )
}

function greedy(parameters: readonly LocalParameter[], members: number): OwnedPiece[] {
  const held = Array.from({ length: members }, () => 0)
  const ownerOf = new Map<LocalParameter, number>()
  for (const parameter of parameters.toSorted((a, b) => b.elements - a.elements)) {
    const owner = held.indexOf(Math.min(...held))
    held[owner]! += parameter.elements
    ownerOf.set(parameter, owner)
  }
  return held.flatMap((_, owner) =>
    parameters
      .filter((parameter) => ownerOf.get(parameter) === owner)
      .map((parameter) => ({ parameter, owner, from: 0, length: parameter.elements })),
  )
}

/** Elements each member owns of `pieces`. */
export function partsOf(pieces: readonly OwnedPiece[], members: number): number[] {
  const parts = Array.from({ length: members }, () => 0)
  for (const { owner, length } of pieces) parts[owner]! += length
  return parts
}

/** The pieces as spans of buffers that hold whole parameters. */
export function wholeSpans(pieces: readonly OwnedPiece[], bufferOf: (name: string) => string): Span[] {
  return pieces.map(({ parameter, from, length }) => span(bufferOf(parameter.name), length, from))
}

/** The pieces as spans of buffers that hold one piece each. */
export function pieceSpans(pieces: readonly OwnedPiece[], bufferOf: (name: string) => string): Span[] {
  return pieces.map(({ parameter, length }) => span(bufferOf(parameter.name), length))
}
