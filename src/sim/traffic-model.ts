import type { BytesByTraffic } from '../core/bytes.ts'
import { scheduleOf } from '../schedule/registry.ts'
import { gradientWire } from './compressed-gradients.ts'
import type { LinkAxis } from './link-load.ts'
import { blocksPerStage, parametersPerRank } from './stage-sizes.ts'
import type { StepSetup } from './step-setup.ts'

/** What a rank of a pipeline coordinate sends in a step, by formula; a ring moves (n − 1)/n of a vector. */
export interface RankTraffic {
  readonly sentBytes: number
  readonly traffic: BytesByTraffic
  readonly byAxis: Readonly<Record<LinkAxis, number>>
}

/**
 * Between replicas of n parameters (ZeRO, arXiv:1910.02054, section 7): all-reduce 2n; sharded optimizer n + n; sharded
 * gradients n for the reduction of every micro-batch; sharded parameters n for each of its gathers besides. Between tensor
 * ranks: two exchanges of the residual stream per block and pass (arXiv:1909.08053, section 3). Between stages: the residual
 * stream once per pass. All in the precision of the weights, over rings.
 */
export function rankTraffic(s: StepSetup): RankTraffic[] {
  const { data: d, tensor: t, pipeline: p, microbatches: m, model, chunks } = s
  const e = s.precision === 'f32' ? 4 : 2
  const message = s.microBatch * s.sequence * model.embed * e
  const { table, ranks } = parametersPerRank(s)
  const blocks = blocksPerStage(s)
  const owners = scheduleOf(s.schedule).stageToRank({ stages: p, microbatches: m, chunks })
  const last = blocks.length - 1
  const ring = (n: number) => (n - 1) / n
  const allReduced = (n: number) => {
    const wire = gradientWire(s, n, e)
    return (wire.kind === 'allReduce' ? 2 : 1) * ring(d) * wire.bytes
  }
  const scalars = d * t * p > 1 ? 8 * ring(d * t * p) : 0
  return ranks.map(({ parameters: n }, rank) => {
    const whole = n * e * ring(d)
    const gathers = s.zero === 3 ? m * (s.reshard === false ? 1 : 2) : 1
    const parameters = d === 1 || s.zero === 0 ? 0 : gathers * whole
    let tied = 0
    const gradients = d === 1 ? 0 : s.zero >= 2 ? m * whole : s.zero === 0 ? allReduced(n) : whole
    // Between tensor ranks, and from stage to stage.
    let [inside, along] = [0, 0]
    owners.forEach((owner, stage) => {
      if (owner !== rank) return
      // Halves of an all-reduce under sequence parallelism, and the gather for the weight gradients.
      const passes = s.recompute === 'full' ? 6 : 4
      const perBlock = t === 1 ? 0 : (passes * 2 + (s.sequenceParallel ? 2 : 0)) * ring(t) * message
      const ends = t === 1 ? 0 : ((stage === 0 ? 1 : 0) + (stage === last ? 1 : 0)) * 2 * ring(t) * message
      const edge = s.sequenceParallel ? message / t : message
      const sends = [stage + 1, stage - 1].filter((next) => next >= 0 && next <= last && owners[next] !== rank).length
      inside += m * (blocks[stage]! * perBlock + ends)
      along += m * sends * edge
    })
    // First and last stage exchange the gradient of the table they both hold.
    if (model.tied && owners[0] !== owners[last] && (rank === owners[0] || rank === owners[last])) tied += table * e
    const activations = inside + along
    const traffic = { parameters, gradients: gradients + tied, activations, scalars }
    const byAxis = { tensor: inside, data: parameters + gradients, pipeline: along + tied, all: scalars }
    return { sentBytes: parameters + gradients + tied + activations + scalars, traffic, byAxis }
  })
}
