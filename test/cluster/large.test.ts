import { expect, test } from 'vitest'
import { nodeRankHost, nodeTaskHost } from '../../src/cluster/hosts/node-tasks.ts'
import type { RankHost } from '../../src/cluster/rank.ts'
import { RankError } from '../../src/core/errors.ts'
import { expectSameGradients } from '../lib/compare.ts'
import { reusingRankHost, startTest } from '../lib/run.ts'

/*
 * What only shows beyond a limit: vectors above 1 MiB, which are read back in several chunks; a head whose logits take more
 * than 64 MiB, which works in chunks of rows; products of more than 65,535 workgroups.
 */

/** GPT-2's vocabulary: 333 rows of logits are a chunk of the head. The tied embedding is 1.6 MB. */
const WIDE = {
  model: { layers: 1, heads: 2, embed: 8, context: 340, vocab: 50_257 },
  batch: { global: 2, microbatches: 1, sequence: 16 },
  steps: 1,
}

async function firstStep(config: object, prompt: string | null) {
  const run = await startTest({ ...WIDE, ...config }, { captureGradients: true, startPaused: true })
  const text = prompt === null ? '' : await run.generate({ prompt, tokens: 1, temperature: 0, topK: 0, seed: 0 })
  run.resume()
  const { steps } = await run.finished
  expect(run.leakedBytes).toBe(0)
  return { text, loss: steps![0]!.loss, gradients: run.gradients! }
}

test('a head in chunks gives the loss, the gradients and, from any row, the text of a head in one piece', async () => {
  const long = { batch: { global: 1, microbatches: 1, sequence: 340 } }
  const prompt = 'a'.repeat(338)
  const chunks = await firstStep(long, prompt)
  // Half the vocabulary on each rank: its logits are one chunk.
  const whole = await firstStep({ ...long, parallel: { tensor: 2 } }, prompt)
  expect(chunks.text).toBe(whole.text)
  expect(chunks.loss).toBeCloseTo(whole.loss, 5)
  expectSameGradients(chunks.gradients, whole.gradients, 1e-4)
})

test('a gradient above 1 MiB, which is read back in chunks, is that of one device', async () => {
  const one = await firstStep({}, null)
  const two = await firstStep({ parallel: { data: 2 } }, null)
  expect(two.loss).toBeCloseTo(one.loss, 5)
  expectSameGradients(two.gradients, one.gradients, 1e-4)
})

test('a device that is lost with a large vector on its way ends the run, and no promise is left alone', async () => {
  let copies = 0
  const losing: RankHost = {
    ...reusingRankHost,
    async openGpu(request, progress) {
      if (request.rank === 0) return reusingRankHost.openGpu(request, progress)
      const gpu = await nodeRankHost.openGpu(request, progress)
      const { copy } = gpu.queue
      gpu.queue.copy = (...args) => {
        copy.apply(gpu.queue, args)
        // Both staging buffers of the stream are filled: two chunks of the vector are under way.
        if (args[4] > 2 ** 18 && ++copies === 2) setImmediate(() => gpu.device.destroy())
      }
      return gpu
    },
  }
  const run = await startTest({ ...WIDE, parallel: { data: 2 } }, { host: nodeTaskHost('memory', losing) })
  const error = await run.finished.catch((reason: unknown) => reason)
  expect(copies).toBeGreaterThanOrEqual(2)
  expect(error).toBeInstanceOf(RankError)
  expect(error).toMatchObject({ fault: { rank: 1 } })
  expect(String(error)).toMatch(/lost|destroyed/)
  // An unhandled rejection fails the file.
  await new Promise((resolve) => setTimeout(resolve, 50))
})
