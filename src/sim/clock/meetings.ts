import type { OpPosition } from '../../schedule/program-grid.ts'
import type { Program } from '../../schedule/program.ts'
import { matchCollectives, matchMessages } from '../../schedule/validate/meetings.ts'

/** Matched ops of different ranks, by the global index of an op (rank's base + position in its step). */
export interface Meetings {
  /** By send: the matching recv; −1 for every other op. */
  readonly receiver: Int32Array
  /** By op: its collective; −1 for every other op. */
  readonly collective: Int32Array
  /** By collective: its members' ops. */
  readonly members: readonly (readonly number[])[]
}

/** @throws InvalidProgramError when a send or a collective's member is unmatched */
export function meetingsOf(program: Program, base: readonly number[], total: number): Meetings {
  const scope = { program, extent: 'step', lists: program.ranks.map(({ step }) => step) } as const
  const globalIndex = ({ rank, index }: OpPosition) => base[rank]! + index
  const receiver = new Int32Array(total).fill(-1)
  for (const { send, recv } of matchMessages(scope)) receiver[globalIndex(send)] = globalIndex(recv)
  const members = matchCollectives(scope).map((meeting) => meeting.map(globalIndex))
  const collective = new Int32Array(total).fill(-1)
  members.forEach((ops, meeting) => {
    for (const op of ops) collective[op] = meeting
  })
  return { receiver, collective, members }
}
