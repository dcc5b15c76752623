import { expect, test } from 'vitest'
import { nodeTaskHost } from '../../src/cluster/hosts/node-tasks.ts'
import { startRun } from '../../src/cluster/run.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { prepareDataset } from '../../src/data/prepare.ts'
import type { ModelShape } from '../../src/model/shape.ts'
import { GOLDEN_OPTIMIZER, readGolden } from '../golden/golden.ts'
import { expectSameGradients } from '../lib/compare.ts'
import { reusingRankHost } from '../lib/run.ts'

const parallels: readonly (readonly [ModelShape['family'], 'even' | 'odd', string, number, object])[] = [
  ['gpt2', 'even', 'one device', 1, {}],
  ['gpt2', 'odd', 'one device', 1, {}],
  ['gpt2', 'odd', 'three replicas', 1, { data: 3 }],
  ['gpt2', 'even', 'two stages of two micro-batches', 2, { pipeline: 2 }],
  ['llama', 'even', 'one device', 1, {}],
  ['llama', 'odd', 'one device', 1, {}],
  ['llama', 'odd', 'three replicas', 1, { data: 3 }],
  ['llama', 'even', 'two stages of two micro-batches', 2, { pipeline: 2 }],
]

test.each(parallels)("ten of PyTorch's steps, %s, %s sizes, %s", async (family, name, _, microbatches, parallel) => {
  const golden = readGolden(name, family)
  const { B, T } = golden.batch
  const config = parseConfig({
    model: golden.shape,
    batch: { global: B, microbatches, sequence: T },
    data: { tokens: 'golden.bin', order: 'sequential' },
    optimizer: GOLDEN_OPTIMIZER,
    parallel,
    steps: golden.steps.length,
  })
  const dataset = await prepareDataset(config, { readBytes: async () => repeated(golden.rows, golden.steps.length) })
  const run = await startRun({
    config,
    dataset,
    host: nodeTaskHost('memory', reusingRankHost),
    init: golden.init,
    captureGradients: true,
  })
  const { steps } = await run.finished
  expect(steps).toHaveLength(golden.steps.length)
  for (const [i, { loss, gradNorm }] of golden.steps.entries()) {
    // One part in 10⁵ of the same weights; rounding then grows with the updates.
    const tolerance = i === 0 ? 1e-5 : 1e-4
    expect(Math.abs(steps![i]!.loss / loss - 1), `loss of step ${i}`).toBeLessThan(tolerance)
    expect(Math.abs(steps![i]!.gradNorm / gradNorm - 1), `gradient norm of step ${i}`).toBeLessThan(tolerance)
  }
  expectSameGradients(run.gradients!, golden.gradients, 1e-4)
  expect(run.leakedBytes).toBe(0)
})

/** The same batch for every step, as uint16 little-endian. */
function repeated(rows: Uint16Array, times: number): Uint8Array {
  const bytes = new Uint8Array(2 * rows.length * times)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < rows.length * times; i++) view.setUint16(2 * i, rows[i % rows.length]!, true)
  return bytes
}
