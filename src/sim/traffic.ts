import { requestOf } from '../comm/request.ts'
import { collectiveBytes } from '../comm/traffic.ts'
import type { BytesByTraffic } from '../core/bytes.ts'
import { zeroByTraffic } from '../core/bytes.ts'
import { lengthOf } from '../core/parts.ts'
import type { Op, Program, RankProgram } from '../schedule/program.ts'

export interface PredictedTraffic {
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Sent bytes. */
  readonly traffic: BytesByTraffic
}

/** Bytes one rank sends and receives in an op; zero for non-exchanges. */
export function exchangedBytes(op: Op, rank: number): { sent: number; received: number } {
  if (op.kind === 'send') return { sent: lengthOf(op.source) * op.elementBytes, received: 0 }
  if (op.kind === 'recv') return { sent: 0, received: lengthOf(op.target) * op.elementBytes }
  if (!('group' in op)) return { sent: 0, received: 0 }
  return collectiveBytes(requestOf(op), op.group.indexOf(rank), op.elementBytes)
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
