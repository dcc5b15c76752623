import { describe, expect, test } from 'vitest'
import { predictTraffic } from '../../src/sim/traffic.ts'
import { buildProgram } from '../../src/strategy/build.ts'
import { expectSameGradients } from '../lib/compare.ts'
import { runToEnd } from '../lib/run.ts'

const batch = { global: 7, microbatches: 2, sequence: 16 }
const data = { corpus: 'brackets' }
const asyncServer = (at: string, maxStaleness: number, workers = 3) => ({
  data: workers,
  dataMode: 'parameter-server',
  server: { at, async: true, maxStaleness },
})

describe('with staleness 0 the asynchronous server is the synchronous one', () => {
  for (const at of ['gpu0', 'cpu', 'sharded'])
    test(at, async () => {
      const input = { batch, data, steps: 4 }
      const asynchronous = await runToEnd({ ...input, parallel: asyncServer(at, 0) })
      const synchronous = await runToEnd({ ...input, parallel: { ...asyncServer(at, 0), server: { at } } })
      expectSameGradients(asynchronous.gradients, synchronous.gradients)
      for (const [i, step] of asynchronous.result.steps!.entries()) {
        expect(Math.abs(step.loss - synchronous.result.steps![i]!.loss)).toBeLessThan(1e-5)
        expect(step.gradNorm / synchronous.result.steps![i]!.gradNorm).toBeCloseTo(1, 5)
        expect(step.staleness).toEqual([0, 0, 0])
      }
    })
})

describe('a worker computes on old parameters', () => {
  for (const at of ['gpu0', 'cpu', 'sharded'])
    test(`at ${at}: counted, predicted in bytes, repeated exactly`, async () => {
      const input = { batch: { ...batch, global: 6 }, data, steps: 4, parallel: asyncServer(at, 8) }
      const first = await runToEnd(input)
      expect(first.result.steps!.map(({ staleness }) => staleness)).toEqual([
        [0, 1, 2],
        [2, 2, 2],
        [2, 2, 2],
        [2, 2, 2],
      ])
      const predicted = predictTraffic(buildProgram(first.config))
      for (const rank of first.result.ranks!) {
        expect(rank.peakBytes).toEqual(rank.predictedBytes)
        const { sentBytes, receivedBytes, traffic } = rank
        expect({ sentBytes, receivedBytes, traffic }).toEqual(predicted[rank.rank])
      }
      expect(first.leakedBytes).toBe(0)
      expect((await runToEnd(input)).result.parametersHash).toBe(first.result.parametersHash)
    })
})

test('a straggler leaves its parts to the others; the bound holds; the loss shows it', async () => {
  const cluster = { stragglers: [{ rank: 1, slowdown: 4 }] }
  const run = async (maxStaleness: number) => {
    const input = {
      batch: { ...batch, global: 6 },
      data,
      steps: 8,
      cluster,
      parallel: asyncServer('gpu0', maxStaleness),
    }
    return (await runToEnd(input)).result.steps!
  }
  const [free, bound, none] = [await run(100), await run(3), await run(0)]
  const stalest = (steps: typeof free) => Math.max(...steps.flatMap((step) => step.staleness ?? []))
  expect(stalest(free)).toBe(8)
  expect(stalest(bound)).toBe(3)
  expect(stalest(none)).toBe(0)
  expect(free.map((step) => step.loss)).not.toEqual(none.map((step) => step.loss))
  for (const steps of [free, bound, none]) expect(steps.at(-1)!.loss).toBeLessThan(steps[0]!.loss)
})
