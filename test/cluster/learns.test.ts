import { expect, test } from 'vitest'
import { runToEnd } from '../lib/run.ts'

test('nano-llama learns the built-in corpus at the default learning rate', async () => {
  const { result } = await runToEnd({
    model: { preset: 'nano-llama' },
    batch: { global: 4, microbatches: 1, sequence: 32 },
    steps: 60,
  })
  const losses = result.steps!.map(({ loss }) => loss)
  const last = losses.slice(-10).reduce((a, b) => a + b) / 10
  console.log(losses.map((loss) => loss.toFixed(2)).join(' '))
  expect(losses[0]).toBeCloseTo(Math.log(256), 0)
  expect(last).toBeLessThan(0.7 * losses[0]!)
})
