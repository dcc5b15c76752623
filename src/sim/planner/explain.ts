import type { SimulatedResult } from '../simulate.ts'
import { describeCandidate } from './candidates.ts'
import type { Planned } from './planned.ts'

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`
const gigabytes = (bytes: number) => `${(bytes / 1e9).toPrecision(3)} GB`

/** Two sentences: what wins and what limits it; what the runner-up of another mesh would cost. */
export function explain(ranked: readonly Planned[], result: SimulatedResult, budgetBytes: number): string {
  const winner = ranked[0]!
  const { time } = result
  const share = (name: 'computeSeconds' | 'communicationSeconds' | 'idleSeconds') => {
    const list = time[name]
    return list.reduce((sum, each) => sum + each, 0) / list.length / time.stepSeconds
  }
  const compute = share('computeSeconds')
  const limits = [
    { what: 'its kernels', part: compute },
    { what: 'exchanges that nothing hides', part: share('communicationSeconds') },
    {
      what: winner.candidate.pipeline > 1 ? 'stages that wait for others' : 'the host between two steps',
      part: share('idleSeconds'),
    },
  ]
  const lost = limits.slice(1).reduce((a, b) => (b.part > a.part ? b : a))
  const first =
    `${describeCandidate(winner.candidate)} trains at ${Math.round(winner.tokensPerSecond)} tokens/s in ` +
    `${gigabytes(winner.memoryBytes)} of ${gigabytes(budgetBytes)}: kernels take ${percent(compute)} of the step ` +
    `(${percent(winner.mfu)} of the peak), and the largest loss is to ${lost.what} with ${percent(lost.part)}.`
  const mesh = ({ candidate: c }: Planned) => `${c.data} ${c.tensor} ${c.pipeline}`
  const other = ranked.find((each) => mesh(each) !== mesh(winner))
  if (!other) return `${first} No other mesh of these devices came near enough to be clocked.`
  const slower = other.stepSeconds / winner.stepSeconds - 1
  const second =
    `The best other mesh, ${describeCandidate(other.candidate)}, is ${percent(slower)} slower and needs ` +
    `${gigabytes(other.memoryBytes)}.`
  return `${first} ${second}`
}
