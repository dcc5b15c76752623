import type { RunConfig } from '../../config/types.ts'
import type { BufferId } from '../../schedule/buffers.ts'
import { bufferName } from '../../schedule/buffers.ts'
import type { BufferSpec, Span } from '../../schedule/program.ts'
import { collective, insertAfterLastWrite } from '../collective-ops.ts'
import type { OpDraft } from '../draft.ts'
import { buffer, buffersOf, splitLike, span } from '../draft.ts'
import type { OwnedPiece } from '../ownership.ts'
import { partsOf, pieceSpans, wholeSpans } from '../ownership.ts'
import type { ComputeRank } from '../ranks.ts'
import { overlapsReduction } from '../recipes.ts'
import { sharedTiedParameter } from '../tied-embedding.ts'
import { gradBuffer } from '../ranks.ts'
import { COMPUTE, gradientOf } from '../segment-writer.ts'

/** This rank's piece of an accumulated gradient. */
export const shardGradient = (tensor: string) => bufferName(shardGradientId(tensor))
const shardGradientId = (tensor: string): BufferId => ({ role: 'gradientShard', tensor })

/**
 * Whether a parameter's gradient is reduced micro-batch by micro-batch. A tied embedding is first summed with its copy.
 */
export function reducedPerMicrobatch(config: RunConfig): (parameter: string) => boolean {
  const { zero, data, fsdp } = config.parallel
  const tied = sharedTiedParameter(config)
  const sharded = zero >= 2 && (data > 1 || fsdp.cpuOffload)
  return (parameter) => sharded && parameter !== tied
}

/** Gradients that are reduced together, in owned pieces. */
export interface Bucket {
  readonly name: string
  readonly pieces: readonly OwnedPiece[]
}

/**
 * Reduces each micro-batch's gradients to their owners as soon as a bucket is complete (ZeRO-2 and 3): the first is
 * kept, later ones are added to it. With offload the sums are kept in host memory.
 */
export function reduceToOwners(
  config: RunConfig,
  rank: ComputeRank,
  buckets: readonly Bucket[],
): { ops: OpDraft[]; buffers: BufferSpec[] } {
  const { fsdp } = config.parallel
  const overlap = overlapsReduction(config)
  const perMicrobatch = reducedPerMicrobatch(config)
  const member = rank.dataGroup.indexOf(rank.rank)
  const buffers: BufferSpec[] = []
  const insertions: { after: readonly string[]; ops: OpDraft[] }[] = []
  const reduce = (name: string, pieces: readonly OwnedPiece[], microbatch: number | null, first: boolean) => {
    if (pieces.length === 0) return
    const reduction = reduceBucket(config, rank, { name, pieces, microbatch, first })
    buffers.push(...reduction.buffers)
    // At the end for what waits for another stage: until then its buffer must not be replaced. Without overlap a
    // micro-batch's gradients go once all are complete.
    const after = microbatch === null ? [] : overlap ? buffersOf(reduction.source) : gradientsOf(rank, microbatch)
    insertions.push({ after, ops: reduction.ops })
  }
  const home = fsdp.cpuOffload ? 'host' : 'device'
  for (const { name, pieces } of buckets) {
    for (const { parameter, length } of pieces.filter(({ owner }) => owner === member))
      buffers.push(buffer(shardGradientId(parameter.name), length, { home }))
    const split = pieces.filter(({ parameter }) => perMicrobatch(parameter.name))
    for (const [i, m] of backwardOrder(rank, split).entries()) reduce(name, split, m, i === 0)
    const whole = pieces.filter(({ parameter }) => !perMicrobatch(parameter.name))
    reduce(`${name}, tied`, whole, null, true)
  }
  return { ops: insertAfterLastWrite(rank.ops, insertions), buffers }
}

/** A rank's gradients of one micro-batch. */
function gradientsOf({ buffers }: ComputeRank, microbatch: number): string[] {
  return buffers.filter((each) => each.role === 'gradient' && each.microbatch === microbatch).map(({ name }) => name)
}

/** Micro-batches in the order in which they complete these gradients: GPipe runs backward from the last. */
function backwardOrder(rank: ComputeRank, pieces: readonly OwnedPiece[]): number[] {
  const lastWrite = new Map<string, number>()
  for (const [i, op] of rank.ops.entries()) for (const name of op.writes) lastWrite.set(name, i)
  const completed = (m: number) =>
    Math.max(-1, ...pieces.map(({ parameter }) => lastWrite.get(gradientOf(m, parameter.name)) ?? -1))
  const isComplete = (m: number) => pieces.every(({ parameter }) => lastWrite.has(gradientOf(m, parameter.name)))
  return rank.microbatches.filter(isComplete).sort((a, b) => completed(a) - completed(b))
}

interface Reduction {
  readonly source: readonly Span[]
  readonly ops: OpDraft[]
  readonly buffers: BufferSpec[]
}

/** One bucket of one micro-batch (null: of the whole step). */
function reduceBucket(
  config: RunConfig,
  { rank, dataGroup: group }: ComputeRank,
  { name, pieces, microbatch, first }: Bucket & { readonly microbatch: number | null; readonly first: boolean },
): Reduction {
  const mine = pieces.filter(({ owner }) => owner === group.indexOf(rank))
  const elements = mine.reduce((sum, { length }) => sum + length, 0)
  const place = microbatch === null ? {} : { microbatch }
  const source = wholeSpans(pieces, (each) => (microbatch === null ? gradBuffer(each) : gradientOf(microbatch, each)))
  const resting = pieceSpans(mine, shardGradient)
  const offload = config.parallel.fsdp.cpuOffload
  // Written directly to the destination when that is on the device and empty.
  const direct = first && !offload
  const landingId: BufferId = { role: 'gradientShard', tensor: name, ...place }
  const landing = bufferName(landingId)
  const landed = elements > 0 ? [span(landing, elements)] : []
  const ops: OpDraft[] = []
  if (group.length > 1)
    ops.push(
      collective('reduceScatter', config, {
        group,
        source,
        target: direct ? resting : landed,
        parts: partsOf(pieces, group.length),
        traffic: 'gradients',
        subject: name,
        // Waiting for another stage must not delay the stage's own gradients.
        ...(microbatch === null ? { lane: 'tied' } : {}),
        ...place,
      }),
    )
  if (direct || elements === 0) return { source, ops, buffers: [] }
  const from = group.length > 1 ? landed : source
  const reads = buffersOf(first ? from : [...from, ...resting])
  const shared = { target: resting, reads, writes: buffersOf(resting), ...place }
  if (offload)
    ops.push({ ...shared, kind: 'offload', stream: 'offload', source: from, accumulate: !first, subject: name })
  else ops.push({ ...shared, kind: 'add', stream: COMPUTE, source: splitLike(landing, resting), assign: false })
  return { source, ops, buffers: group.length > 1 ? [buffer(landingId, elements)] : [] }
}
