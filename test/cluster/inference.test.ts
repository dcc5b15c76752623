import { describe, expect, test } from 'vitest'
import { nodeTaskHost } from '../../src/cluster/hosts/node-tasks.ts'
import { startRun } from '../../src/cluster/run.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { request } from '../lib/generate-request.ts'
import { SMALL, SMALL_LLAMA, datasetOf, reusingRankHost } from '../lib/run.ts'

const base = { ...SMALL, steps: 4, model: { layers: 3, heads: 4, embed: 32, context: 16, vocab: 256 } }

async function infer(parallel: object, model: object = base.model) {
  const config = parseConfig({ ...base, model, parallel })
  const dataset = await datasetOf(config)
  const run = await startRun({ config, dataset, host: nodeTaskHost('memory', reusingRankHost), startPaused: true })
  const { loss: before, ticks, ranks } = await run.evaluate()
  expect(ticks).toBe(config.batch.microbatches * config.parallel.chunks + config.parallel.pipeline - 1)
  for (const rank of ranks) {
    // Beside the pass itself the device holds what training keeps: never less than predicted for the pass.
    expect(rank.peakBytes.total).toBeGreaterThanOrEqual(rank.predictedBytes.total)
    expect(rank.peakBytes.parameters).toBe(rank.predictedBytes.parameters)
  }
  const text = await run.generate(request)
  await run.advance('step')
  const { loss: after } = await run.evaluate()
  const again = await run.generate(request)
  const result = await run.stop()
  expect(result.steps).toHaveLength(1)
  for (const rank of result.ranks!) expect(rank.peakBytes).toEqual(rank.predictedBytes)
  expect(run.leakedBytes).toBe(0)
  return { before, text, after, again }
}

describe('generation and evaluation are the same under every layout', () => {
  let one: Awaited<ReturnType<typeof infer>>
  test('one device: the step moved the validation loss', async () => {
    one = await infer({})
    expect(one.before).toBeGreaterThan(5)
    expect(one.after).toBeLessThan(one.before)
  })

  for (const [name, parallel] of Object.entries({
    'DDP 2': { data: 2 },
    'DataParallel 2': { data: 2, dataMode: 'data-parallel' },
    'server on the CPU': { data: 2, dataMode: 'parameter-server', server: { at: 'cpu' } },
    'sharded server': { data: 2, dataMode: 'parameter-server', server: { at: 'sharded' } },
    'pipeline 3': { pipeline: 3 },
    'zb-v on 1, two chunks': { pipeline: 1, schedule: 'zb-v', chunks: 2 },
    'pipeline 2 × data 2': { pipeline: 2, data: 2 },
    'tensor 2': { tensor: 2 },
    'tensor 4, sequence': { tensor: 4, sequenceParallel: true },
    'tensor 2 × pipeline 2 × data 2': { tensor: 2, pipeline: 2, data: 2 },
    'ZeRO-1': { data: 2, zero: 1 },
    'ZeRO-3': { data: 3, zero: 3 },
    'ZeRO-3 with offload, pipeline 2': { data: 2, zero: 3, pipeline: 2, fsdp: { cpuOffload: true } },
  }))
    test(name, async () => {
      const cluster = await infer(parallel)
      expect(cluster.text).toBe(one.text)
      expect(cluster.again).toBe(one.again)
      expect(cluster.before).toBeCloseTo(one.before, 4)
      expect(cluster.after).toBeCloseTo(one.after, 4)
    })
})

test('of family llama, too: under tensor, pipeline and sharded layouts as on one device', async () => {
  const one = await infer({}, SMALL_LLAMA)
  expect(one.after).toBeLessThan(one.before)
  for (const parallel of [
    { tensor: 4, sequenceParallel: true },
    { pipeline: 2, data: 2, zero: 3 },
  ]) {
    const cluster = await infer(parallel, SMALL_LLAMA)
    expect(cluster.text).toBe(one.text)
    expect(cluster.again).toBe(one.again)
    expect(cluster.before).toBeCloseTo(one.before, 4)
    expect(cluster.after).toBeCloseTo(one.after, 4)
  }
})
