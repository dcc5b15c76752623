import type { RunConfig } from '../../config/types.ts'
import type { Holding } from '../../schedule/program.ts'
import { gradientBuckets } from '../buckets.ts'
import { collective, insertAfterLastWrite } from '../collective-ops.ts'
import type { OpDraft, RankDraft } from '../draft.ts'
import { buffer, span } from '../draft.ts'
import type { LocalParameter } from '../layout.ts'
import type { Owned } from '../optimizer-tail.ts'
import { optimizerTail } from '../optimizer-tail.ts'
import type { OwnedPiece } from '../ownership.ts'
import { ownership, partsOf, wholeSpans } from '../ownership.ts'
import type { BuildContext, ComputeRank } from '../ranks.ts'
import { bucketBytesOf, elementBytesOf } from '../recipes.ts'
import { gradBuffer, paramBuffer, parameterBuffers, wholeHolding } from '../ranks.ts'
import { gatherUnits, shardBuffer, shardId, unitPieces } from './unit-shards.ts'
import { broadcastOnce, bucketsOf, reduceBuckets } from './ddp.ts'
import { reduceToOwners, shardGradient } from './owner-reduction.ts'

/*
 * ZeRO (Rajbhandari et al. 2020) over the data group: what data parallelism replicates N times is kept once.
 *
 *   stage 1   B0 B1……B1 ┐ reduce-scatter ┐ norm step ┐ all-gather of parameters       optimizer state is sharded
 *   stage 2   B0 ┐ reduce-scatter B1 ┐ reduce-scatter … norm step ┐ all-gather        … gradients too
 *   stage 3   ┐ gather F0 … ┐ gather B0 ┐ reduce-scatter … norm step                  … parameters too
 */

export function lowerZero(number: number, context: BuildContext): RankDraft {
  const { zero } = context.config.parallel
  const rank = context.rank(number)
  if (zero === 1) return stageOne(rank, context)
  return zero === 2 ? stageTwo(rank, context) : stageThree(rank, context)
}

interface Shared {
  readonly config: RunConfig
  readonly rank: ComputeRank
  readonly member: number
  readonly pieces: readonly OwnedPiece[]
  readonly mine: readonly OwnedPiece[]
}

function sharedOf(rank: ComputeRank, config: RunConfig): Shared {
  const { dataGroup, parameters } = rank
  const member = dataGroup.indexOf(rank.rank)
  const pieces = ownership(parameters, dataGroup.length, config.parallel.zeroPartition)
  return { config, rank, member, pieces, mine: pieces.filter(({ owner }) => owner === member) }
}

function ownedOf(
  { rank }: Shared,
  mine: readonly OwnedPiece[],
  parameterSpan: (piece: OwnedPiece) => Owned['parameter'],
  gradientSpan: (piece: OwnedPiece) => Owned['gradient'],
): Owned[] {
  return mine.map((piece) => ({
    tensor: piece.parameter.name,
    from: piece.from,
    parameter: parameterSpan(piece),
    gradient: gradientSpan(piece),
    decay: piece.parameter.decay,
    counted:
      !rank.countedElsewhere.has(piece.parameter.name) && !(piece.parameter.replicated && rank.coordinates.tensor > 0),
  }))
}

function holdingsOf(owned: readonly Owned[], which: 'parameter' | 'gradient'): Holding[] {
  return owned.map((each) => ({ tensor: each.tensor, from: each.from, span: each[which] }))
}

const inWhole =
  (bufferOf: (name: string) => string) =>
  ({ parameter, from, length }: OwnedPiece) =>
    span(bufferOf(parameter.name), length, from)

const inPiece =
  (bufferOf: (name: string) => string) =>
  ({ parameter, length }: OwnedPiece) =>
    span(bufferOf(parameter.name), length)

function stageOne(rank: ComputeRank, { config, world }: BuildContext): RankDraft {
  const shared = sharedOf(rank, config)
  const owned = ownedOf(shared, shared.mine, inWhole(paramBuffer), inWhole(gradBuffer))
  const reduced = config.parallel.zeroReduce === 'all-reduce' ? reduceBuckets(rank, config).ops : scatterInPlace(shared)
  const tail = optimizerTail({ config, owned, normGroup: world, hasLoss: rank.reportsLoss })
  return {
    rank: rank.rank,
    coordinates: rank.coordinates,
    device: 'gpu',
    buffers: [...parameterBuffers(rank.parameters), ...rank.buffers, ...tail.buffers],
    state: {
      parameters: rank.parameters.map((each) => wholeHolding('parameter', each)),
      gradients: holdingsOf(owned, 'gradient'),
      moment1: tail.moment1,
      moment2: tail.moment2,
      drawn: shared.member === 0,
    },
    prologue: broadcastOnce(rank, config),
    step: [...reduced, ...tail.ops, gatherParameters(shared)],
    epilogue: [],
  }
}

/** Each bucket's gradients to their owners, into the owners' own gradient buffers. */
function scatterInPlace({ config, rank, member, pieces }: Shared): OpDraft[] {
  const insertions = bucketsOf(rank, config).map(({ bucket, after }, i) => {
    const within = piecesIn(pieces, bucket)
    const op = collective('reduceScatter', config, {
      group: rank.dataGroup,
      source: wholeSpans(within, gradBuffer),
      target: wholeSpans(
        within.filter(({ owner }) => owner === member),
        gradBuffer,
      ),
      parts: partsOf(within, rank.dataGroup.length),
      traffic: 'gradients',
      subject: `bucket ${i}`,
    })
    return { after, ops: [op] }
  })
  return insertAfterLastWrite(rank.ops, insertions)
}

function piecesIn(pieces: readonly OwnedPiece[], parameters: readonly LocalParameter[]): OwnedPiece[] {
  const names = new Set(parameters.map(({ name }) => name))
  return pieces.filter(({ parameter }) => names.has(parameter.name))
}

/** Every rank's updated part to all ranks. */
function gatherParameters({ config, rank, pieces, mine }: Shared): OpDraft {
  return collective('allGather', config, {
    group: rank.dataGroup,
    source: wholeSpans(mine, paramBuffer),
    target: wholeSpans(pieces, paramBuffer),
    parts: partsOf(pieces, rank.dataGroup.length),
    traffic: 'parameters',
    subject: 'parameters',
  })
}

function stageTwo(rank: ComputeRank, { config, world }: BuildContext): RankDraft {
  const shared = sharedOf(rank, config)
  const { reduced: elementBytes } = elementBytesOf(config)
  const buckets = gradientBuckets(rank.parameters, bucketBytesOf(config), null, elementBytes).map((parameters, i) => ({
    name: `bucket ${i}`,
    parameters,
    pieces: piecesIn(shared.pieces, parameters),
  }))
  const reduced = reduceToOwners(config, rank, buckets)
  const owned = ownedOf(shared, shared.mine, inWhole(paramBuffer), inPiece(shardGradient))
  const tail = optimizerTail({ config, owned, normGroup: world, hasLoss: rank.reportsLoss })
  return {
    rank: rank.rank,
    coordinates: rank.coordinates,
    device: 'gpu',
    buffers: [...parameterBuffers(rank.parameters), ...rank.buffers, ...reduced.buffers, ...tail.buffers],
    state: {
      parameters: rank.parameters.map((each) => wholeHolding('parameter', each)),
      gradients: holdingsOf(owned, 'gradient'),
      moment1: tail.moment1,
      moment2: tail.moment2,
      drawn: shared.member === 0,
    },
    prologue: broadcastOnce(rank, config),
    step: [...reduced.ops, ...tail.ops, gatherParameters(shared)],
    epilogue: [],
  }
}

function stageThree(rank: ComputeRank, { config, world }: BuildContext): RankDraft {
  const { fsdp } = config.parallel
  const shared = sharedOf(rank, config)
  const byUnit = unitPieces(config, rank)
  const pieces = [...byUnit.values()].flat()
  const mine = pieces.filter(({ owner }) => owner === shared.member)
  const buckets = [...byUnit].toReversed().map(([{ name }, dealt]) => ({ name: `unit ${name}`, pieces: dealt }))
  const reduced = reduceToOwners(config, rank, buckets)
  const gathered = gatherUnits(config, rank, reduced.ops, byUnit)
  const owned = ownedOf(shared, mine, inPiece(shardBuffer), inPiece(shardGradient))
  const tail = optimizerTail({
    config,
    owned,
    normGroup: world,
    at: fsdp.cpuOffload ? 'host' : 'device',
    hasLoss: rank.reportsLoss,
  })
  const home = fsdp.cpuOffload ? 'host' : 'device'
  const shards = mine.map(({ parameter, length }) =>
    buffer(shardId(parameter.name), length, { home, persistent: true }),
  )
  const parameters = holdingsOf(owned, 'parameter')
  return {
    rank: rank.rank,
    coordinates: rank.coordinates,
    device: 'gpu',
    buffers: [...shards, ...gathered.buffers, ...rank.buffers, ...reduced.buffers, ...tail.buffers],
    state: {
      parameters,
      gradients: holdingsOf(owned, 'gradient'),
      moment1: tail.moment1,
      moment2: tail.moment2,
      // Every rank initializes its own part: no rank ever has the whole.
      drawn: true,
    },
    prologue: [],
    step: [...gathered.ops, ...tail.ops],
    epilogue: [],
  }
}
