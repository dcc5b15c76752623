import { refused } from '../core/errors.ts'

/**
 * Pipeline schedules as data: what a rank does, stage by stage, in PyTorch's text form
 * (torch.distributed.pipelining.schedules): stage, kind, micro-batch.
 *
 *   0F3        forward of micro-batch 3 through stage 0
 *   0B3        its full backward; 0I3 the input-gradient half, 0W3 the weight-gradient half
 *   1SEND_F2   stage 1 sends its output of micro-batch 2; 2RECV_F2 is the other end
 *   1SEND_B2   stage 1 sends the gradient of its input; 0RECV_B2 is the other end
 *   2UNSHARD   parameters of stage 2 are gathered; 2RESHARD lets them go; 2REDUCE_GRAD reduces its gradients
 */

const COMPUTE_KINDS = ['F', 'B', 'I', 'W'] as const
export type ActionKind = (typeof COMPUTE_KINDS)[number]

const MESSAGE_KINDS = ['SEND_F', 'RECV_F', 'SEND_B', 'RECV_B'] as const
const STAGE_KINDS = ['UNSHARD', 'RESHARD', 'REDUCE_GRAD'] as const

/** Compute of one micro-batch on one virtual stage, 0 … p·v − 1. */
export interface Action {
  readonly kind: ActionKind
  readonly stage: number
  readonly microbatch: number
}

export interface MessageAction {
  readonly kind: (typeof MESSAGE_KINDS)[number]
  readonly stage: number
  readonly microbatch: number
}

export interface StageAction {
  readonly kind: (typeof STAGE_KINDS)[number]
  readonly stage: number
}

/** A schedule after lowering passes: compute, messages, and the gathers of a sharded stage. */
export type LoweredAction = Action | MessageAction | StageAction

export interface ParseOptions {
  /** The oldest files write B for the input gradient and BW for the full backward. */
  readonly oldBackward?: boolean
}

export function isComputeAction(action: LoweredAction): action is Action {
  return action.kind.length === 1
}

export function printAction(action: LoweredAction): string {
  return `${action.stage}${action.kind}${'microbatch' in action ? action.microbatch : ''}`
}

const PATTERN = /^(\d+)([A-Z_]+?)(\d*)$/

/** "0F3" → action. Throws RefusedError for anything else. */
export function parseAction(text: string, options: ParseOptions = {}): LoweredAction {
  const [, stageText, word, microbatchText] = PATTERN.exec(text.trim()) ?? []
  const refuse = () => refused('action', 'not-an-action', { text })
  if (stageText === undefined || word === undefined || microbatchText === undefined) throw refuse()
  const stage = Number(stageText)
  const name = options.oldBackward && word === 'B' ? 'I' : options.oldBackward && word === 'BW' ? 'B' : word
  const whole = STAGE_KINDS.find((kind) => kind === name)
  if (whole !== undefined) {
    if (microbatchText !== '') throw refuse()
    return { kind: whole, stage }
  }
  const kind = [...COMPUTE_KINDS, ...MESSAGE_KINDS].find((each) => each === name)
  if (kind === undefined || microbatchText === '') throw refuse()
  return { kind, stage, microbatch: Number(microbatchText) }
}

/** A rank's row: its actions in order; null is an idle tick. */
export type ActionRow = readonly (LoweredAction | null)[]

/** One line per rank, actions separated by commas, an empty cell for an idle tick. */
export function printActionCsv(rows: readonly ActionRow[]): string {
  return rows.map((row) => `${row.map((each) => (each === null ? '' : printAction(each))).join(',')}\n`).join('')
}

/** The inverse of `printActionCsv`; trailing blank lines are ignored. */
export function parseActionCsv(text: string, options: ParseOptions = {}): (LoweredAction | null)[][] {
  const lines = text.replaceAll('\r', '').replace(/\n+$/, '').split('\n')
  return lines.map((line) =>
    line === '' ? [] : line.split(',').map((cell) => (cell.trim() === '' ? null : parseAction(cell, options))),
  )
}

/** Rows as a table with aligned columns and a heading per column; idle cells are dots, `mark` puts >…< around one cell. */
export function printActionGrid(rows: readonly ActionRow[], mark?: { rank: number; index: number }): string {
  const cells = rows.map((row, rank) =>
    row.map((each, index) => {
      const text = each === null ? '·' : printAction(each)
      return mark !== undefined && mark.rank === rank && mark.index === index ? `>${text}<` : text
    }),
  )
  return printCells(cells)
}

/** Cells as text: one line per rank, columns aligned, rank numbers in front. */
export function printCells(cells: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of cells) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)))
  const label = String(cells.length - 1).length
  return cells
    .map((row, rank) =>
      `rank ${String(rank).padStart(label)}: ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' ')}`.trimEnd(),
    )
    .join('\n')
}
