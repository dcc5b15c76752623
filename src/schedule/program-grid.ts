import { printCells } from './actions.ts'
import type { Op, Program } from './program.ts'
import { opText } from './text.ts'

export const EXTENTS = ['prologue', 'step', 'epilogue'] as const
export type Extent = (typeof EXTENTS)[number]

/** One line per rank: its ops in list order. */
export function printProgramGrid(program: Program, extent: Extent = 'step'): string {
  return printCells(program.ranks.map((rank) => rank[extent].map(opText)))
}

/** One line per rank and extent: rank, extent, then its ops. Cells are quoted where needed. */
export function printProgramCsv(program: Program): string {
  const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  return program.ranks
    .flatMap((rank) => EXTENTS.map((extent) => [String(rank.rank), extent, ...rank[extent].map(opText)]))
    .map((row) => `${row.map(cell).join(',')}\n`)
    .join('')
}

/** A place in a Program: index into a rank's list. */
export interface OpPosition {
  readonly rank: number
  readonly index: number
}

const CONTEXT_OPS = 4
const MAX_RANKS = 16

/**
 * The grid around the ops an error is about, each marked >…<. Ranks without a marked op show the same part of their list.
 */
export function printGridAround(lists: readonly (readonly Op[])[], marks: readonly OpPosition[]): string {
  const center = marks[0]?.index ?? 0
  const shown = lists.map((ops, rank) => ({ ops, rank })).filter(({ rank }) => near(rank, marks, lists.length))
  const rows = shown.map(({ ops, rank }) => {
    const own = marks.filter((mark) => mark.rank === rank).map((mark) => mark.index)
    const middle = own[0] ?? Math.min(center, ops.length)
    const from = Math.max(0, middle - CONTEXT_OPS)
    const to = Math.min(ops.length, middle + CONTEXT_OPS + 1)
    const cells = ops.slice(from, to).map((op, i) => (own.includes(from + i) ? `>${opText(op)}<` : opText(op)))
    const text = [...(from > 0 ? ['…'] : []), ...cells, ...(to < ops.length ? ['…'] : [])].join('  ')
    return `rank ${String(rank).padStart(String(lists.length - 1).length)}: ${text}`
  })
  return shown.length < lists.length
    ? [...rows, `(${lists.length - shown.length} more ranks)`].join('\n')
    : rows.join('\n')
}

/** All ranks of a small Program; of a large one the marked ranks and the first few others. */
function near(rank: number, marks: readonly OpPosition[], world: number): boolean {
  return world <= MAX_RANKS || rank < MAX_RANKS / 2 || marks.slice(0, MAX_RANKS / 2).some((mark) => mark.rank === rank)
}
