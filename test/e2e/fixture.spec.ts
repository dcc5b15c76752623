import { expect, launchTabcluster, test } from 'tabcluster/playwright'
import type { ParityReport, RunResult, SimulatedResult, Step, Tabcluster } from 'tabcluster/playwright'
import type { TabclusterApi } from '../../src/state/automation.ts'

test.use({ tabclusterOptions: { adapter: 'software' } })

const small = {
  model: { layers: 2, heads: 2, embed: 32, context: 16, vocab: 256 },
  batch: { global: 4, microbatches: 2, sequence: 16 },
  data: { corpus: 'brackets' },
}

/** The package's types promise nothing that the page does not hold: this does not compile otherwise. */
type Promised = [RunResult, ParityReport, SimulatedResult, Awaited<ReturnType<Tabcluster['compare']>>]
type Given = {
  [K in keyof TabclusterApi]: TabclusterApi[K] extends (...given: never[]) => Promise<infer Value> ? Value : never
}
export const held = (given: Given): Promised => [given.run, given.parity, given.simulate, given.compare]

test('a stranger trains, hears of every step, and compares', async ({ tabcluster }) => {
  expect(tabcluster.adapter.software).toBe(true)
  const heard: Step[] = []
  const config = { ...small, steps: 3, parallel: { data: 2, zero: 3 } }
  const result = await tabcluster.run(config, { onStep: (step) => void heard.push(step) })
  expect(heard).toEqual(result.steps)
  expect(result.steps).toHaveLength(3)
  expect(result.ranks!.map(({ peakBytes }) => peakBytes)).toEqual(
    result.ranks!.map(({ predictedBytes }) => predictedBytes),
  )
  expect((await tabcluster.parity(config)).worst.relativeDifference).toBeLessThan(1e-5)
  const [simulated, refused] = await tabcluster.compare([config, { parallel: { data: 0 } }])
  expect(simulated).toHaveProperty('result.simulated', 'program')
  expect(refused).toEqual({ error: expect.stringMatching(/^parallel\.data: 0/) as unknown })

  const mixed = { ...config, precision: 'mixed-bf16' }
  const steps: [number, number][] = []
  const [ddp, zero, untrained] = await tabcluster.compare([{ ...config, parallel: { data: 2 } }, config, mixed], {
    run: true,
    steps: 2,
    onStep: ({ step }, index) => void steps.push([index, step]),
  })
  expect(steps.map(([index]) => index)).toEqual([0, 0, 1, 1])
  expect(steps[1]![1]).toBe(steps[0]![1] + 1)
  const losses = [ddp, zero].map((each) => ('result' in each! ? each.measured!.steps!.map(({ loss }) => loss) : []))
  expect(losses[0]).toHaveLength(2)
  for (const [i, loss] of losses[0]!.entries()) expect(losses[1]![i]).toBeCloseTo(loss, 5)
  expect(untrained).toMatchObject({
    untrained: expect.stringMatching(/^precision: "mixed-bf16" is for simulate/) as unknown,
  })
})

test('a run can be ended, and a refusal is one line', async ({ tabcluster }) => {
  const ending = new AbortController()
  const ended = await tabcluster.run(
    { ...small, steps: 100_000 },
    { onStep: () => ending.abort(), signal: ending.signal },
  )
  expect(ended.steps!.length).toBeGreaterThan(0)
  expect(ended.steps!.length).toBeLessThan(100_000)
  await expect(tabcluster.run({ steps: 0 })).rejects.toThrow(/^steps: 0 [^\n]*$/)
})

test('an adapter that is not there is refused, and nothing is left serving', async () => {
  await expect(launchTabcluster({ executablePath: '/nowhere' })).rejects.toThrow('tabcluster: no browser at "/nowhere"')
  const { address, close } = await launchTabcluster({ adapter: 'software' })
  expect((await fetch(address)).ok).toBe(true)
  await close()
  await expect(fetch(address)).rejects.toThrow()
})
