import { expect, test } from 'vitest'
import { request } from '../lib/generate-request.ts'
import { runToEnd, startTest } from '../lib/run.ts'

const SLOW = { ticksPerSecond: 100 }
const pipeline = { steps: 3, batch: { global: 8, microbatches: 4, sequence: 16 }, parallel: { pipeline: 2 } }

const losses = ({ steps }: { readonly steps?: readonly { readonly loss: number }[] }) => steps!.map(({ loss }) => loss)

test('slow motion is the same training, and its steps count as no speed', async () => {
  const { result: fast } = await runToEnd(pipeline)
  const began = performance.now()
  const { result: slow, leakedBytes } = await runToEnd(pipeline, SLOW)
  const seconds = (performance.now() - began) / 1000
  expect(losses(slow)).toEqual(losses(fast))
  expect(slow.parametersHash).toBe(fast.parametersHash)
  expect(slow.steps!.every(({ interrupted }) => interrupted)).toBe(true)
  expect(slow.tokensPerSecond).toBeUndefined()
  // Each of the three steps is 4 forwards and 4 backwards on a rank: no fewer ticks than that were waited for.
  expect(seconds).toBeGreaterThan((3 * 8) / SLOW.ticksPerSecond)
  expect(leakedBytes).toBe(0)
})

test('at full speed only the steps that were held count as none', async () => {
  const run = await startTest(pipeline, { startPaused: true })
  await run.advance('tick')
  await run.advance('op')
  run.resume()
  const { steps, tokensPerSecond } = await run.finished
  expect(steps!.map(({ interrupted }) => interrupted)).toEqual([true, undefined, undefined])
  expect(tokensPerSecond!.measured).toBeGreaterThan(0)
})

test('the pace changes on the way; paused, slow motion stands still', async () => {
  const run = await startTest({ ...pipeline, steps: 30 }, SLOW)
  const seen: number[] = []
  run.subscribe((event) => void (event.kind === 'current' && seen.push(event.rank)))
  await expect.poll(() => seen.length).toBeGreaterThan(4)
  await run.pause('op')
  const before = seen.length
  await new Promise((resolve) => setTimeout(resolve, 200))
  // What still comes are the looks a few times a second, one per rank: no further ticks.
  expect(seen.length - before).toBeLessThan(10)
  run.pace(null)
  run.resume()
  const { steps } = await run.finished
  expect(steps).toHaveLength(30)
  expect(steps!.at(-1)!.interrupted).toBeUndefined()
})

test('held within a step, the step is finished before text, weights or a checkpoint are taken, and the run stands again', async () => {
  const run = await startTest({ ...pipeline, steps: 10 }, { startPaused: true })
  await run.advance('tick')
  expect(await run.generate(request)).not.toBe('')
  expect((await run.soFar()).steps).toHaveLength(1)
  await run.advance('op')
  await run.advance('tick')
  const [weights, checkpoint] = await Promise.all([run.weights(), run.checkpoint()])
  expect(weights.byteLength).toBeGreaterThan(0)
  expect(checkpoint.size).toBeGreaterThan(weights.byteLength)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect((await run.stop()).steps).toHaveLength(2)
  expect(run.leakedBytes).toBe(0)
})

test('text is generated while training moves in slow motion, and after a step by hand', async () => {
  const run = await startTest({ ...pipeline, steps: 1000 }, SLOW)
  expect(await run.generate(request)).not.toBe('')
  await run.pause('op')
  await run.advance('step')
  expect(await run.generate(request)).not.toBe('')
  await run.stop()
  expect(run.leakedBytes).toBe(0)
})

test('ticks and ops go past the end of a step, standing still after each', async () => {
  const run = await startTest({ ...pipeline, steps: 3 }, { startPaused: true })
  const phases: string[] = []
  run.subscribe((event) => void (event.kind === 'phase' && phases.push(event.phase)))
  while ((await run.soFar()).steps!.length < 2) {
    await run.advance('tick')
    expect(phases.at(-1)).toBe('paused')
  }
  // Into the next step, and still standing there.
  await run.advance('op')
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(phases.at(-1)).toBe('paused')
  run.resume()
  const { steps } = await run.finished
  expect(steps!.map(({ interrupted }) => interrupted)).toEqual([true, true, true])
})

test('after the end text comes from the weights that were kept, whatever the layout was', async () => {
  const texts: string[] = []
  for (const parallel of [{}, { pipeline: 2 }]) {
    const run = await startTest({ ...pipeline, parallel, steps: 2 })
    run.keepWeights = true
    await run.finished
    texts.push(await run.generate({ ...request, temperature: 0 }))
    expect(run.leakedBytes).toBe(0)
  }
  expect(texts[0]).not.toBe('')
  expect(texts[1]).toBe(texts[0])
})

test('a tick is one action of every rank, however many are asked for at once', async () => {
  for (const parallel of [{ tensor: 2 }, { pipeline: 2 }]) {
    const run = await startTest({ ...pipeline, parallel }, { startPaused: true })
    const steps = async () => (await run.soFar()).steps!.length
    // Four micro-batches, forward and backward.
    await Promise.all(Array.from({ length: 8 }, () => run.advance('tick')))
    await expect.poll(steps, { timeout: 20_000 }).toBe(1)
    for (let tick = 0; tick < 7; tick++) await run.advance('tick')
    expect(await steps()).toBe(1)
    await run.advance('tick')
    await expect.poll(steps, { timeout: 20_000 }).toBe(2)
    await run.stop()
    expect(run.leakedBytes).toBe(0)
  }
})
