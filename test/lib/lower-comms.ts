import { InvalidProgramError } from '../../src/core/errors.ts'
import type { Action, ActionRow, LoweredAction } from '../../src/schedule/actions.ts'
import { isComputeAction, printAction, printActionGrid } from '../../src/schedule/actions.ts'

/**
 * Lowering passes over stage-level orders, as PyTorch's pipelining makes them (torch.distributed.pipelining.schedules): each
 * takes rows of actions and returns new ones. Idle ticks (null) count as a turn and are dropped from the result.
 */

/**
 * Puts a send behind every action whose result another rank needs, and the receive into that rank's row as soon as it was
 * sent. Ranks take turns, one action each, and an action waits until what it needs has been made or received.
 *
 * @throws InvalidProgramError when ranks wait for each other
 */
export function insertSendRecv(rows: readonly ActionRow[], stageToRank: readonly number[]): LoweredAction[][] {
  const lowered: LoweredAction[][] = rows.map(() => [])
  const seen = rows.map(() => new Set<string>())
  const position = new Int32Array(rows.length)
  const append = (rank: number, action: LoweredAction) => {
    lowered[rank]!.push(action)
    seen[rank]!.add(printAction(action))
  }
  for (let turn = true; turn;) {
    turn = false
    for (const [rank, row] of rows.entries()) {
      const action = row[position[rank]!]
      if (action === undefined || (action !== null && !hasInput(action, stageToRank.length, seen[rank]!))) continue
      turn = true
      position[rank]!++
      if (action === null) continue
      append(rank, action)
      const message = messageOf(action, stageToRank)
      if (message === null) continue
      append(rank, message.send)
      append(message.to, message.recv)
    }
  }
  const stuck = rows.findIndex((row, rank) => position[rank]! < row.length)
  if (stuck < 0) return lowered
  const index = position[stuck]!
  const action = rows[stuck]![index]
  throw new InvalidProgramError(
    `rank ${stuck} waits for ever at ${action ? printAction(action) : 'an idle tick'}\n` +
      printActionGrid(rows, { rank: stuck, index }),
  )
}

function hasInput(action: LoweredAction, stages: number, seen: ReadonlySet<string>): boolean {
  if (!isComputeAction(action)) return true
  const { kind, stage, microbatch: k } = action
  if (kind === 'F') return stage === 0 || seen.has(`${stage}RECV_F${k}`) || seen.has(`${stage - 1}F${k}`)
  if (kind === 'W' || stage === stages - 1) return true
  return [`${stage}RECV_B${k}`, `${stage + 1}I${k}`, `${stage + 1}B${k}`].some((text) => seen.has(text))
}

function messageOf(action: LoweredAction, stageToRank: readonly number[]) {
  if (!isComputeAction(action) || action.kind === 'W') return null
  const { kind, stage, microbatch } = action
  const other = kind === 'F' ? stage + 1 : stage - 1
  const to = stageToRank[other]
  if (to === undefined || to === stageToRank[stage]) return null
  const letter = kind === 'F' ? 'F' : 'B'
  const send: LoweredAction = { kind: `SEND_${letter}`, stage, microbatch }
  const recv: LoweredAction = { kind: `RECV_${letter}`, stage: other, microbatch }
  return { to, send, recv }
}

/**
 * Gathers the parameters of a stage before its actions and lets them go after: at any time the next `mostActive` stages the
 * row works on are gathered. Stages that stay within that window are not gathered twice.
 */
export function insertUnshardReshard(row: ActionRow, mostActive = 3): LoweredAction[] {
  const actions = row.filter((each) => each !== null)
  const active: number[] = []
  const lowered: LoweredAction[] = []
  for (const [i, action] of actions.entries()) {
    const wanted = nextStages(actions, i, mostActive)
    for (const stage of active.filter((each) => !wanted.includes(each))) {
      active.splice(active.indexOf(stage), 1)
      lowered.push({ kind: 'RESHARD', stage })
    }
    for (const stage of wanted.filter((each) => !active.includes(each))) {
      active.push(stage)
      lowered.push({ kind: 'UNSHARD', stage })
    }
    lowered.push(action)
  }
  return [...lowered, ...active.map((stage) => ({ kind: 'RESHARD', stage }) as const)]
}

/** The first `count` different stages from position `from` on. */
function nextStages(actions: readonly LoweredAction[], from: number, count: number): number[] {
  const stages: number[] = []
  for (let i = from; i < actions.length && stages.length < count; i++)
    if (!stages.includes(actions[i]!.stage)) stages.push(actions[i]!.stage)
  return stages
}

/** Reduces the gradients of a stage right behind its last backward (full or weight-gradient). */
export function insertReduceGrad(row: ActionRow): LoweredAction[] {
  const actions = row.filter((each) => each !== null)
  const last = new Map<number, number>()
  for (const [i, { kind, stage }] of actions.entries()) if (kind === 'B' || kind === 'W') last.set(stage, i)
  return actions.flatMap((action, i): LoweredAction[] =>
    last.get(action.stage) === i ? [action, { kind: 'REDUCE_GRAD', stage: action.stage }] : [action],
  )
}

/** An input-gradient with its own weight-gradient right behind it is a full backward. */
export function mergeBackward(row: ActionRow): LoweredAction[] {
  const actions = row.filter((each) => each !== null)
  const merged: LoweredAction[] = []
  for (const action of actions) {
    const before = merged.at(-1)
    if (before !== undefined && isHalf(before, 'I') && isHalf(action, 'W') && samePlace(before, action))
      merged[merged.length - 1] = { ...before, kind: 'B' }
    else merged.push(action)
  }
  return merged
}

function isHalf(action: LoweredAction, kind: 'I' | 'W'): action is Action {
  return action.kind === kind
}

function samePlace(a: Action, b: Action): boolean {
  return a.stage === b.stage && a.microbatch === b.microbatch
}
