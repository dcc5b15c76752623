import type { RunConfig } from '../../config/types.ts'
import type { BufferId } from '../../schedule/buffers.ts'
import { bufferName } from '../../schedule/buffers.ts'
import type { BufferSpec } from '../../schedule/program.ts'
import { collective } from '../collective-ops.ts'
import type { OpDraft } from '../draft.ts'
import { buffer, buffersOf, span } from '../draft.ts'
import type { LocalParameter } from '../layout.ts'
import type { OwnedPiece } from '../ownership.ts'
import { ownership, partsOf, pieceSpans, wholeSpans } from '../ownership.ts'
import type { VisitName } from '../unit-gathers.ts'
import { withUnitGathers } from '../unit-gathers.ts'
import type { Unit } from '../units.ts'
import { unitsOf } from '../units.ts'

/** This rank's piece of a parameter under ZeRO-3. */
export const shardId = (tensor: string): BufferId => ({ role: 'parameterShard', tensor })
export const shardBuffer = (tensor: string) => bufferName(shardId(tensor))

/** Whether ranks keep only their own pieces of the parameters between uses. */
export function holdsShards({ parallel }: RunConfig): boolean {
  return parallel.zero === 3 && (parallel.data > 1 || parallel.fsdp.cpuOffload)
}

interface ShardedRank {
  readonly rank: number
  readonly dataGroup: readonly number[]
  readonly parameters: readonly LocalParameter[]
}

/** Ownership of a rank's units over its data group, unit by unit. */
export function unitPieces(config: RunConfig, rank: ShardedRank): Map<Unit, OwnedPiece[]> {
  const unitOwnership = (unit: Unit) => ownership(unit.parameters, rank.dataGroup.length, config.parallel.zeroPartition)
  return new Map(unitsOf(config, rank.parameters).map((unit) => [unit, unitOwnership(unit)]))
}

/** A rank's ops with every unit gathered before use. */
export function gatherUnits(
  config: RunConfig,
  rank: ShardedRank,
  ops: readonly OpDraft[],
  pieces: ReadonlyMap<Unit, OwnedPiece[]> = unitPieces(config, rank),
): { ops: OpDraft[]; buffers: BufferSpec[] } {
  return withUnitGathers(ops, [...pieces.keys()], {
    reshard: config.parallel.fsdp.reshardAfterForward,
    prefetch: config.parallel.overlap,
    bring: (unit, visit) => gatherUnit(config, rank, pieces.get(unit)!, unit, visit),
  })
}

/** All-gathers a unit from the shards of the data group; shards in host memory are fetched to the device first. */
function gatherUnit(
  config: RunConfig,
  rank: ShardedRank,
  pieces: readonly OwnedPiece[],
  unit: Unit,
  visit: VisitName,
): { ops: OpDraft[]; buffers: BufferSpec[] } {
  const group = rank.dataGroup
  const member = group.indexOf(rank.rank)
  const mine = pieces.filter(({ owner }) => owner === member)
  const elements = mine.reduce((sum, { length }) => sum + length, 0)
  const place = { microbatch: visit.microbatch, stage: visit.stage }
  const subject = `unit ${unit.name}`
  const shards = pieceSpans(mine, shardBuffer)
  const whole = wholeSpans(pieces, visit.nameOf)
  const ops: OpDraft[] = []
  const buffers: BufferSpec[] = []
  let source = shards
  if (config.parallel.fsdp.cpuOffload && elements > 0) {
    const fetchedId: BufferId = { role: 'parameterShard', tensor: 'shard', visit: visit.index }
    const fetched = [span(bufferName(fetchedId), elements)]
    const target = group.length > 1 ? fetched : whole
    ops.push({
      kind: 'fetch',
      stream: 'fetch',
      source: shards,
      target,
      subject,
      reads: buffersOf(shards),
      writes: buffersOf(target),
      ...place,
    })
    if (group.length > 1) buffers.push(buffer(fetchedId, elements))
    source = fetched
  }
  if (group.length > 1)
    ops.push(
      collective('allGather', config, {
        group,
        source,
        target: whole,
        parts: partsOf(pieces, group.length),
        traffic: 'parameters',
        subject,
        lane: 'gather',
        ...place,
      }),
    )
  return { ops, buffers }
}
