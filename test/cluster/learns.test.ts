import { expect, test } from 'vitest'
import { runToEnd } from '../lib/run.ts'

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

test('nano-llama learns the built-in corpus in 60 steps at the default learning rate', async () => {
  const { result } = await runToEnd({
    model: { preset: 'nano-llama' },
    batch: { global: 2, microbatches: 1, sequence: 32 },
    steps: 60,
  })
  const losses = result.steps!.map(({ loss }) => loss)
  const [first, middle, last] = [losses.slice(0, 10), losses.slice(25, 35), losses.slice(50)].map(mean)
  expect(losses[0]).toBeCloseTo(Math.log(256), 0)
  expect(middle).toBeLessThan(0.85 * first!)
  expect(last).toBeLessThan(0.7 * first!)
})
