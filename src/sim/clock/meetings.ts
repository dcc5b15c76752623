import { InvalidProgramError } from '../../core/errors.ts'
import type { Op, Program } from '../../schedule/program.ts'
import { opText } from '../../schedule/text.ts'

/** Where ops of different ranks meet, by the global number of an op (rank's base + position in its step). */
export interface Meetings {
  /** By send: the recv that takes its message; −1 for every other op. */
  readonly receiver: Int32Array
  /** By op: its collective; −1 for every other op. */
  readonly collective: Int32Array
  /** By collective: its members' ops. */
  readonly members: readonly (readonly number[])[]
}

/** Sender and receiver name a stream by their peer; what follows the peer is the same on both ends. */
function channelOf(stream: string): string {
  return stream.split(':').slice(2).join(':')
}

/** Pairs the n-th send of a channel with its n-th recv, and the n-th collectives of a stream with each other. */
export function meetingsOf(program: Program, base: readonly number[], total: number): Meetings {
  const receiver = new Int32Array(total).fill(-1)
  const collective = new Int32Array(total).fill(-1)
  const members: number[][] = []
  const sends = new Map<string, number[]>()
  const recvs = new Map<string, number[]>()
  const open = new Map<string, number[]>()
  const append = (map: Map<string, number[]>, key: string, index: number) => {
    const list = map.get(key)
    if (list) list.push(index)
    else map.set(key, [index])
  }
  program.ranks.forEach(({ rank, step }, r) => {
    const seen = new Map<string, number>()
    step.forEach((op: Op, i) => {
      const index = base[r]! + i
      if (op.kind === 'send') append(sends, `${rank}>${op.peer}:${channelOf(op.stream)}`, index)
      else if (op.kind === 'recv') append(recvs, `${op.peer}>${rank}:${channelOf(op.stream)}`, index)
      else if ('group' in op) {
        const turn = seen.get(op.stream) ?? 0
        seen.set(op.stream, turn + 1)
        let meetings = open.get(op.stream)
        if (!meetings) open.set(op.stream, (meetings = []))
        let meeting = meetings[turn]
        if (meeting === undefined) {
          meetings[turn] = meeting = members.length
          members.push([])
        }
        members[meeting]!.push(index)
        collective[index] = meeting
      }
    })
  })
  for (const [channel, list] of sends) {
    const taken = recvs.get(channel) ?? []
    if (taken.length !== list.length)
      throw new InvalidProgramError(`channel ${channel}: ${list.length} sends, ${taken.length} receives`)
    list.forEach((send, i) => (receiver[send] = taken[i]!))
  }
  for (const channel of recvs.keys())
    if (!sends.has(channel)) throw new InvalidProgramError(`channel ${channel}: nobody sends`)
  program.ranks.forEach(({ rank, step }, r) =>
    step.forEach((op, i) => {
      if (!('group' in op)) return
      const present = members[collective[base[r]! + i]!]!.length
      if (present !== op.group.length)
        throw new InvalidProgramError(`rank ${rank} at ${opText(op)}: ${present} of ${op.group.length} members come`)
    }),
  )
  return { receiver, collective, members }
}
