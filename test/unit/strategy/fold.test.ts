import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RunConfig } from '../../../src/config/types.ts'
import { unfold } from '../../../src/schedule/folded.ts'
import type { RankProgram } from '../../../src/schedule/program.ts'
import { buildProgram } from '../../../src/strategy/build.ts'
import { ProgramFold } from '../../../src/strategy/fold.ts'
import { randomInput } from '../../lib/random-config.ts'
import { repeatedConfig, unevenConfig } from '../../lib/repeated-config.ts'

/** A rank's Program with its buffers in an order of their own. */
function comparable({ buffers, ...rank }: RankProgram): object {
  return { ...rank, buffers: [...buffers.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) }
}

function expectSame(config: RunConfig): void {
  const program = buildProgram(config)
  const fold = new ProgramFold(config)
  for (const rank of program.ranks) {
    const folded = fold.rank(rank.rank)
    const { data } = rank.coordinates
    const unfolded = unfold(folded, (microbatch) => fold.builder.samplesOf(data)[microbatch]!)
    expect(comparable(unfolded)).toEqual(comparable(rank))
  }
}

const RUNS = process.env.TABCLUSTER_FULL === '1' ? 2000 : 60

describe('a folded rank unfolds to what executes', () => {
  test.each([
    [{ pipeline: 4, schedule: '1f1b' }, 9],
    [{ pipeline: 4, schedule: 'gpipe' }, 9],
    [{ pipeline: 2, schedule: 'interleaved-1f1b', chunks: 2 }, 8],
    [{ pipeline: 2, schedule: 'zb-v', chunks: 2 }, 9],
    [{ pipeline: 3, schedule: 'zb-h1' }, 9],
    [{ data: 2, zero: 2, bucketBytes: 2000 }, 7],
    [{ data: 2, zero: 3 }, 7],
    [{ data: 2, pipeline: 2, zero: 3 }, 7],
    [{ data: 2, pipeline: 2, zero: 3, schedule: 'zb-v', chunks: 2 }, 7],
    [{ data: 2, pipeline: 2, zero: 3, fsdp: { wrap: 'all' } }, 7],
    [{ data: 3, zero: 3, overlap: false }, 5],
    [{ data: 3, zero: 3, fsdp: { cpuOffload: true } }, 5],
    [{ data: 2, pipeline: 2, zero: 2, schedule: 'zb-v', chunks: 2 }, 7],
    [{ data: 2, tensor: 2, sequenceParallel: true, zero: 1, bucketBytes: 2000 }, 5],
    [{ data: 2, compression: { kind: 'topk' } }, 5],
    [{ data: 2, dataMode: 'parameter-server', server: { at: 'cpu' } }, 5],
  ])('%j, %i micro-batches', (parallel, microbatches) => {
    expectSame(unevenConfig(parallel, microbatches))
  })

  test('any configuration', () => {
    let held = 0
    fc.assert(
      fc.property(randomInput, fc.constantFrom(1, 3, 4), (input, times) => {
        const config = repeatedConfig(input, times)
        if (config === null) return
        expectSame(config)
        held++
      }),
      { numRuns: RUNS, seed: 13 },
    )
    expect(held, 'not refused').toBeGreaterThan(RUNS / 2)
  })
})
