import { requestOf } from '../comm/request.ts'
import { collectiveBytes } from '../comm/traffic.ts'
import type { BytesByTraffic } from '../core/bytes.ts'
import { zeroByTraffic } from '../core/bytes.ts'
import type { KindsWith, OpKind, OpOf } from '../schedule/op-kinds.ts'
import { OP_KINDS } from '../schedule/op-kinds.ts'
import type { Op, Program, RankProgram } from '../schedule/program.ts'

export interface PredictedTraffic {
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Sent bytes. */
  readonly traffic: BytesByTraffic
}

const lengthOf = (spans: readonly { readonly length: number }[]) => spans.reduce((sum, each) => sum + each.length, 0)

interface Moved {
  readonly sent: number
  readonly received: number
}

const NOTHING: Moved = { sent: 0, received: 0 }

type BetweenRanks = Exclude<(typeof OP_KINDS)[OpKind]['moves'], 'copies' | null>

const MOVED: { readonly [Each in BetweenRanks]: (op: OpOf<KindsWith<'moves', Each>>, rank: number) => Moved } = {
  sends: ({ source, elementBytes }) => ({ sent: lengthOf(source) * elementBytes, received: 0 }),
  receives: ({ target, elementBytes }) => ({ sent: 0, received: lengthOf(target) * elementBytes }),
  meets: (op, rank) => collectiveBytes(requestOf(op), op.group.indexOf(rank), op.elementBytes),
}

/** Bytes one rank sends and receives by an op; zero for what is no exchange. */
export function exchangedBytes(op: Op, rank: number): Moved {
  const { moves } = OP_KINDS[op.kind]
  return moves === null || moves === 'copies' ? NOTHING : MOVED[moves](op as never, rank)
}

/** Bytes one rank moves in one step, from the Program alone. */
export function rankTraffic(rank: RankProgram): PredictedTraffic {
  const traffic = zeroByTraffic()
  let [sentBytes, receivedBytes] = [0, 0]
  for (const op of rank.step) {
    const { sent, received } = exchangedBytes(op, rank.rank)
    sentBytes += sent
    receivedBytes += received
    if ('traffic' in op) traffic[op.traffic] += sent
  }
  return { sentBytes, receivedBytes, traffic }
}

export function predictTraffic(program: Program): PredictedTraffic[] {
  return program.ranks.map(rankTraffic)
}
