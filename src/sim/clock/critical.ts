import type { Op } from '../../schedule/program.ts'
import type { ClockedProgram } from '../clock.ts'

/** Seconds of the critical path by what its ops do: "forward mlp", "allReduce bucket", "send"; longest first. */
export interface PathShare {
  readonly what: string
  readonly seconds: number
}

function nameOf(op: Op): string {
  if ('segment' in op) return `${op.kind} ${op.segment.kind}`
  if ('group' in op) return `${op.kind} ${op.traffic}`
  return op.kind === 'recv' ? 'send' : op.kind
}

/** What holds the step up. Shares add up to the step: an op counts from the end of the one before it. */
export function criticalShares({ ranks, criticalPath }: ClockedProgram): PathShare[] {
  const shares = new Map<string, number>()
  let until = 0
  for (const { rank, index } of criticalPath) {
    const { step, end } = ranks[rank]!
    const name = nameOf(step[index]!)
    shares.set(name, (shares.get(name) ?? 0) + end[index]! - until)
    until = end[index]!
  }
  return [...shares].map(([what, seconds]) => ({ what, seconds })).sort((a, b) => b.seconds - a.seconds)
}
