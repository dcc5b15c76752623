import type { RunConfig } from '../../config/types.ts'
import type { BufferSpec } from '../../schedule/program.ts'
import { collective } from '../collective-ops.ts'
import type { OpDraft } from '../draft.ts'
import { buffer, buffersOf, span } from '../draft.ts'
import type { OwnedPiece } from '../ownership.ts'
import { partsOf, pieceSpans, wholeSpans } from '../ownership.ts'
import type { VisitName } from '../unit-gathers.ts'
import type { Unit } from '../units.ts'

/** This rank's piece of a parameter under ZeRO-3. */
export const shardBuffer = (name: string) => `pshard:${name}`

/** All-gathers a unit from the shards of the data group; shards in host memory are fetched to the device first. */
export function bringUnit(
  config: RunConfig,
  rank: { readonly rank: number; readonly dataGroup: readonly number[] },
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
    const fetched = [span(`u${visit.index}:shard`, elements)]
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
    if (group.length > 1) buffers.push(buffer(`u${visit.index}:shard`, 'parameters', elements))
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
