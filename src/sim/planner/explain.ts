import type { SimulatedResult } from '../simulate.ts'
import { describeCandidate } from './candidates.ts'
import type { ClockedCandidate } from './clocked-candidate.ts'

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`
const gigabytes = (bytes: number) => `${(bytes / 1e9).toPrecision(3)} GB`

/** Three digits: more would overstate the accuracy. */
const count = (value: number) => Number(value.toPrecision(3)).toLocaleString('en-US')

/** The winner and its limits. */
export interface Verdict {
  readonly winner: ClockedCandidate
  readonly budgetBytes: number
  /** Shares of the step: kernels, and the largest loss. */
  readonly compute: number
  readonly lost: { readonly to: 'exchanges' | 'waiting' | 'host'; readonly share: number }
  /** The best of another mesh, and its step relative to the winner's, minus 1; null where none was clocked. */
  readonly other: { readonly planned: ClockedCandidate; readonly slower: number } | null
}

export function verdictOf(ranked: readonly ClockedCandidate[], result: SimulatedResult, budgetBytes: number): Verdict {
  const winner = ranked[0]!
  const { time } = result
  const share = (name: 'computeSeconds' | 'communicationSeconds' | 'idleSeconds') => {
    const list = time[name]
    return list.reduce((sum, each) => sum + each, 0) / list.length / time.stepSeconds
  }
  const exchanges = share('communicationSeconds')
  const idle = share('idleSeconds')
  const mesh = ({ candidate: c }: ClockedCandidate) => `${c.data} ${c.tensor} ${c.pipeline}`
  const other = ranked.find((each) => mesh(each) !== mesh(winner))
  return {
    winner,
    budgetBytes,
    compute: share('computeSeconds'),
    lost:
      idle > exchanges
        ? { to: winner.candidate.pipeline > 1 ? 'waiting' : 'host', share: idle }
        : { to: 'exchanges', share: exchanges },
    other: other ? { planned: other, slower: other.stepSeconds / winner.stepSeconds - 1 } : null,
  }
}

const LOSSES = {
  exchanges: 'exchanges that nothing hides',
  waiting: 'stages that wait for others',
  host: 'the host between two steps',
}

/** Two sentences: the winner and its limits; the cost of the runner-up of another mesh. */
export function explain({ winner, budgetBytes, compute, lost, other }: Verdict): string {
  const first =
    `${describeCandidate(winner.candidate)} trains at ${count(winner.tokensPerSecond)} tokens/s in ` +
    `${gigabytes(winner.memoryBytes)} of ${gigabytes(budgetBytes)}: kernels take ${percent(compute)} of the step ` +
    `(${percent(winner.mfu)} of the peak), and the largest loss is to ${LOSSES[lost.to]} with ${percent(lost.share)}.`
  if (!other) return `${first} No other mesh of these devices came near enough to be clocked.`
  const second =
    `The best other mesh, ${describeCandidate(other.planned.candidate)}, is ${percent(other.slower)} slower and needs ` +
    `${gigabytes(other.planned.memoryBytes)}.`
  return `${first} ${second}`
}
