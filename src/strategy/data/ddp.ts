import { evenParts } from '../../core/parts.ts'
import type { BuildContext, ComputeRank } from '../ranks.ts'
import { gradBuffer, paramBuffer, parameterBuffers, wholeHolding } from '../ranks.ts'
import type { BufferSpec, Span } from '../../schedule/program.ts'
import { compressedAllReduce } from './compressed.ts'
import { gradientBuckets } from '../buckets.ts'
import { bucketBytesOf, elementBytesOf, overlapsReduction } from '../recipes.ts'
import { sharedTiedParameter } from '../tied-embedding.ts'
import { collective, insertAfterLastWrite } from '../collective-ops.ts'
import type { RunConfig } from '../../config/types.ts'
import type { OpDraft, RankDraft } from '../draft.ts'
import { offsetsOf, sliceSpans, span } from '../draft.ts'
import type { LocalParameter } from '../layout.ts'
import { optimizerTail } from '../optimizer-tail.ts'

/**
 * Distributed data parallel: every rank holds and updates everything. Rank 0's parameters are broadcast once; gradients
 * are all-reduced in buckets that start while backward still runs. A single replica is a single device.
 *
 *   rank 0   F0 B0 F1 B1……B1 ┐ norm  step
 *                  bucket 0 ══╪═ bucket 1 ══
 *   rank 1   F0 B0 F1 B1……B1 ┘ norm  step
 */
export function lowerDdp(number: number, { config, world, rank: rankOf }: BuildContext): RankDraft {
  const rank = rankOf(number)
  const group = rank.dataGroup
  const member = group.indexOf(rank.rank)
  const { parameters } = rank
  const reduced = group.length === 1 ? { ops: rank.ops, buffers: [] } : reduceBuckets(rank, config)
  const owned = parameters.map(({ name, elements, decay }) => ({
    tensor: name,
    from: 0,
    parameter: span(paramBuffer(name), elements),
    gradient: span(gradBuffer(name), elements),
    decay,
    counted: true,
  }))
  // Every replica has every gradient: each squares its own part, and the scalar all-reduce sums the parts.
  const counted = parameters
    .filter((each) => !rank.countedElsewhere.has(each.name) && !(each.replicated && rank.coordinates.tensor > 0))
    .map((each) => span(gradBuffer(each.name), each.elements))
  const total = counted.reduce((sum, each) => sum + each.length, 0)
  const share = evenParts(total, config.optimizer.gradClip > 0 ? group.length : 1)
  const normSpans =
    config.optimizer.gradClip > 0
      ? sliceSpans(counted, offsetsOf(share)[member]!, share[member]!)
      : member === 0
        ? counted
        : []
  const tail = optimizerTail({
    config,
    owned,
    normSpans,
    normGroup: world,
    hasLoss: rank.reportsLoss,
  })
  const holdings = parameters.map((each) => wholeHolding('parameter', each))
  return {
    rank: rank.rank,
    coordinates: rank.coordinates,
    device: 'gpu',
    buffers: [...parameterBuffers(parameters), ...rank.buffers, ...reduced.buffers, ...tail.buffers],
    state: {
      parameters: holdings,
      gradients: parameters.map((each) => wholeHolding('gradient', each)),
      moment1: tail.moment1,
      moment2: tail.moment2,
      drawn: member === 0,
    },
    prologue: broadcastOnce(rank, config),
    step: [...reduced.ops, ...tail.ops],
    epilogue: [],
  }
}

/** Sends the first member's initial parameters to its data group, once before the first step. */
export function broadcastOnce(rank: ComputeRank, config: RunConfig): OpDraft[] {
  const group = rank.dataGroup
  if (group.length === 1) return []
  const isRoot = group[0] === rank.rank
  const spans = rank.parameters.map((each) => wholeHolding('parameter', each).span)
  return [
    collective('broadcast', config, {
      group,
      root: group[0]!,
      source: isRoot ? spans : [],
      target: isRoot ? [] : spans,
      traffic: 'parameters',
      subject: 'initial parameters',
    }),
  ]
}

/**
 * Gradients summed over the data group in buckets, each as soon as its last gradient is written. A tied embedding has
 * its own bucket, at the end: its gradient waits for another stage, which must not delay this stage's own buckets, nor
 * the compute after the encoding of a compressed one, because the other stage may be waiting for those.
 */
export function reduceBuckets(rank: ComputeRank, config: RunConfig): { ops: OpDraft[]; buffers: BufferSpec[] } {
  const buffers: BufferSpec[] = []
  const insertions = bucketsOf(rank, config).map(({ bucket, after }, i) => {
    const spans = bucket.map((each) => span(gradBuffer(each.name), each.elements))
    const reduction = reduceBucket(rank, config, spans, `bucket ${i}`)
    buffers.push(...reduction.buffers)
    return { after, ops: reduction.ops }
  })
  return { ops: insertAfterLastWrite(rank.ops, insertions), buffers }
}

/** The buckets of a rank, and the gradients after which each is reduced: without any, at the end. */
export function bucketsOf(
  { parameters }: ComputeRank,
  config: RunConfig,
): { bucket: readonly LocalParameter[]; after: readonly string[] }[] {
  const tied = sharedTiedParameter(config)
  return gradientBuckets(parameters, bucketBytesOf(config), tied, elementBytesOf(config).reduced).map((bucket) => {
    const early = overlapsReduction(config) && bucket.every(({ name }) => name !== tied)
    return { bucket, after: early ? bucket.map(({ name }) => gradBuffer(name)) : [] }
  })
}

function reduceBucket(
  rank: ComputeRank,
  config: RunConfig,
  spans: readonly Span[],
  subject: string,
): { ops: OpDraft[]; buffers: BufferSpec[] } {
  if (config.parallel.compression.kind !== 'none') return compressedAllReduce(config, rank, spans, subject)
  const ends = { source: spans, target: spans, traffic: 'gradients' as const, subject }
  // Under ZeRO-1 a rank may own nothing of a bucket.
  const owners = config.parallel.zero === 1 ? ({ mayBeUnread: true } as const) : {}
  return { ops: [collective('allReduce', config, { group: rank.dataGroup, ...ends, ...owners })], buffers: [] }
}
