import { describe, expect, test } from 'vitest'
import { predictTraffic } from '../../src/sim/traffic.ts'
import { parameterCount } from '../../src/model/parameters.ts'
import { buildProgram } from '../../src/strategy/build.ts'
import { SMALL_LLAMA, oneDevice, runToEnd } from '../lib/run.ts'

const full = process.env.TABCLUSTER_FULL === '1'
const model = { layers: 2, heads: 4, embed: 32, context: 64, vocab: 256 }
/** Plain momentum: AdamW would make every gradient, however sparse, as large as any other. */
const optimizer = { kind: 'sgd', learningRate: 0.3, momentum: 0.9, gradClip: 0, weightDecay: 0 }
const steps = full ? 200 : 12

async function train(compression: object, data = 2) {
  const batch = { global: 8, microbatches: 1, sequence: 64 }
  const { config, result, leakedBytes } = await runToEnd({
    model,
    optimizer,
    steps,
    batch,
    parallel: { data, compression },
  })
  const predicted = predictTraffic(buildProgram(config))
  for (const rank of result.ranks!) {
    expect(rank.peakBytes).toEqual(rank.predictedBytes)
    const { sentBytes, receivedBytes, traffic } = rank
    expect({ sentBytes, receivedBytes, traffic }).toEqual(predicted[rank.rank])
  }
  expect(leakedBytes).toBe(0)
  const tail = result.steps!.slice(full ? -20 : -2)
  return {
    loss: tail.reduce((sum, each) => sum + each.loss, 0) / tail.length,
    gradientBytes: result.ranks!.map(({ traffic }) => traffic.gradients),
    elements: parameterCount(config.model),
  }
}

describe('compressed gradients', () => {
  let plain: Awaited<ReturnType<typeof train>>
  test('nothing compressed', async () => {
    plain = await train({ kind: 'none' })
    expect(plain.gradientBytes[0]).toBe(plain.elements * 4)
  })

  test('fp16: half the bytes, the loss within 1 %', async () => {
    const { loss, gradientBytes } = await train({ kind: 'fp16' })
    expect(gradientBytes[0]! / plain.gradientBytes[0]!).toBe(0.5)
    expect(Math.abs(loss / plain.loss - 1)).toBeLessThan(0.01)
  })

  test('int8: a byte per element and a scale per 256, the loss within 1 %', async () => {
    const { loss, gradientBytes, elements } = await train({ kind: 'int8' })
    // Each of two ranks sends the half that is the other's, and the sum of its own.
    const half = elements / 2
    expect(gradientBytes[0]).toBe(2 * (4 * Math.ceil(half / 256) + 4 * Math.ceil(half / 4)))
    expect(Math.abs(loss / plain.loss - 1)).toBeLessThan(0.01)
  })

  test('top-k at 1 %: an index and a value for one element in a hundred; left out, not lost, with error feedback', async () => {
    const fed = await train({ kind: 'topk', ratio: 0.01, errorFeedback: true })
    expect(fed.gradientBytes[0]).toBe(8 * Math.ceil(fed.elements / 100))
    const unfed = await train({ kind: 'topk', ratio: 0.01, errorFeedback: false })
    expect(unfed.gradientBytes).toEqual(fed.gradientBytes)
    if (!full) return
    expect(fed.loss / plain.loss).toBeLessThan(1.05)
    expect(unfed.loss / plain.loss).toBeGreaterThan(1.05)
    expect(unfed.loss / fed.loss).toBeGreaterThan(1.02)
  })

  test('of family llama: int8, the loss within 1 %', async () => {
    const input = { model: SMALL_LLAMA, optimizer, steps: 3, batch: { global: 4, microbatches: 1, sequence: 16 } }
    const exact = (await oneDevice(input)).result.steps!
    const { result } = await runToEnd({ ...input, parallel: { data: 2, compression: { kind: 'int8' } } })
    expect(exact[2]!.loss).toBeLessThan(exact[0]!.loss)
    for (const [i, { loss }] of result.steps!.entries()) expect(Math.abs(loss / exact[i]!.loss - 1)).toBeLessThan(0.01)
  })

  test('on three ranks: everybody sends (N − 1)/N of the encoded bucket, twice', async () => {
    const { gradientBytes, elements } = await train({ kind: 'fp16' }, 3)
    for (const bytes of gradientBytes) expect(Math.abs(bytes - ((2 * 2) / 3) * elements * 2)).toBeLessThan(16)
  })
})
