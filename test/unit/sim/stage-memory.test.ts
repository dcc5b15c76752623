import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { simulate } from '../../../src/sim/simulate.ts'

/** Strategies whose Programs are small enough to be counted buffer by buffer; micro-batches of a replica. */
const CASES: readonly (readonly [string, object, number])[] = [
  ['one device', {}, 4],
  ['DDP', { data: 4 }, 1],
  ['DDP, accumulating', { data: 4 }, 4],
  ['DataParallel', { data: 4, dataMode: 'data-parallel' }, 1],
  ['DataParallel, accumulating', { data: 4, dataMode: 'data-parallel' }, 2],
  ['server on a device', { data: 4, dataMode: 'parameter-server' }, 1],
  ['server on the host', { data: 4, dataMode: 'parameter-server', server: { at: 'cpu' } }, 1],
  ['server in shards', { data: 4, dataMode: 'parameter-server', server: { at: 'sharded' } }, 1],
  ['ZeRO-1', { data: 4, zero: 1 }, 1],
  ['ZeRO-2', { data: 4, zero: 2 }, 1],
  ['ZeRO-3', { data: 4, zero: 3 }, 1],
  ['GPipe', { pipeline: 4, schedule: 'gpipe' }, 8],
  ['1F1B', { pipeline: 4, schedule: '1f1b' }, 8],
  ['ZB-H1', { pipeline: 4, schedule: 'zb-h1' }, 8],
  ['ZB-H2', { pipeline: 4, schedule: 'zb-h2' }, 8],
  ['ZB-V', { pipeline: 2, schedule: 'zb-v', chunks: 2 }, 8],
]

test.each(CASES)('memory by stage is within a tenth of the Program: %s', (_name, parallel, microbatches) =>
  expectSameMemory(parallel, microbatches),
)

test.each([8, 128])('so is a model whose heads are %i wide', (headSize) =>
  expectSameMemory({ data: 2, pipeline: 2 }, 2, { headSize }),
)

function expectSameMemory(parallel: object, microbatches: number, model: object = {}): void {
  const config = parseConfig({
    model: { layers: 8, heads: 4, embed: 256, context: 128, vocab: 512, ...model },
    batch: { global: 16, microbatches, sequence: 128 },
    parallel,
  })
  const program = simulate(config).result
  const stages = simulate(config, { mostOps: 0 }).result
  expect([program.simulated, stages.simulated]).toEqual(['program', 'stages'])
  for (const { rank, predictedBytes } of stages.ranks) {
    const counted = program.ranks[rank]!.predictedBytes.total
    expect(predictedBytes.total / counted, `rank ${rank}`).toBeGreaterThan(0.9)
    expect(predictedBytes.total / counted, `rank ${rank}`).toBeLessThan(1.1)
  }
}
