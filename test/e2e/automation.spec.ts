import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { serializeSafetensors } from '../../src/checkpoint/safetensors.ts'
import { parameterTable } from '../../src/model/parameters.ts'
import { gpt2Shape } from '../../src/model/shape.ts'
import type { RunResult } from '../../src/config/result.ts'
import { expect, test } from './pool.ts'
import { expectNoWorkers } from './readings.ts'

const small = {
  model: { layers: 2, heads: 2, embed: 32, context: 16, vocab: 256 },
  batch: { global: 4, microbatches: 2, sequence: 16 },
  data: { corpus: 'brackets' },
}

async function inNode(config: object): Promise<RunResult> {
  const args = ['scripts/tabcluster.mjs', 'train', '--config', JSON.stringify(config)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 })
  return JSON.parse(stdout) as RunResult
}

test('browser and Node agree on the loss of 10 steps', async ({ page }) => {
  const config = { ...small, steps: 10 }
  await page.goto('/')
  const browser = await page.evaluate((input) => window.tabcluster.run(input), config)
  const node = await inNode(config)
  expect(browser.steps).toHaveLength(10)
  for (const [i, step] of browser.steps!.entries())
    expect(Math.abs(step.loss / node.steps![i]!.loss - 1)).toBeLessThan(1e-5)
})

/** The same training on one device of the browser. */
let one: RunResult | null = null

for (const [name, parallel] of Object.entries({
  ddp: { data: 2 },
  'a CPU parameter server': { data: 2, dataMode: 'parameter-server', server: { at: 'cpu' } },
  'a pipeline under ZeRO-1': { data: 2, pipeline: 2, zero: 1 },
  'tensor parallelism': { tensor: 2, sequenceParallel: true },
}))
  test(`in the browser ${name} is the same training as one device`, async ({ page }) => {
    await page.goto('/')
    const run = (config: object) => page.evaluate((input) => window.tabcluster.run(input), config)
    const config = { ...small, steps: 5, parallel }
    const cluster = await run(config)
    one ??= await run({ ...small, steps: 5, batch: { ...small.batch, microbatches: 1 } })
    expect(cluster.steps).toHaveLength(5)
    for (const [i, step] of cluster.steps!.entries())
      expect(Math.abs(step.loss - one.steps![i]!.loss)).toBeLessThan(1e-4)
    for (const rank of cluster.ranks!) expect(rank.peakBytes).toEqual(rank.predictedBytes)
    const parity = await page.evaluate((input) => window.tabcluster.parity(input), config)
    expect(parity.worst.relativeDifference).toBeLessThan(1e-5)
  })

test('a worker that is killed ends the run with one clear error', async ({ page }) => {
  await page.goto('/')
  const failure = page.evaluate(
    (input) => {
      const onEvent = ({ kind }: { kind: string }) => void (kind === 'step' && (document.title = 'it trains'))
      return window.tabcluster.run(input, { onEvent }).then(
        () => 'ended well',
        (error: unknown) => String(error),
      )
    },
    { ...small, steps: 100_000, parallel: { data: 2 } },
  )
  // In the middle of training.
  await expect(page).toHaveTitle('it trains')
  expect(page.workers().length).toBeGreaterThanOrEqual(3)
  const victims: string[] = await Promise.all(page.workers().map((worker) => worker.evaluate(() => self.name)))
  const victim = victims.findIndex((name) => name.startsWith('rank 1'))
  expect(victim).toBeGreaterThanOrEqual(0)
  await page.workers()[victim]!.evaluate(() => self.close())
  expect(await failure).toMatch(/^RankError: rank 1: its worker ended$/)
  await expectNoWorkers(page)
})

test('a run can be ended, and a refusal is one line', async ({ page }) => {
  await page.goto('/')
  const ended = await page.evaluate(
    async (input) => {
      const controller = new AbortController()
      const onEvent = (event: { kind: string }) => event.kind === 'step' && controller.abort()
      return window.tabcluster.run(input, { signal: controller.signal, onEvent })
    },
    { ...small, steps: 100_000 },
  )
  expect(ended.steps!.length).toBeGreaterThan(0)
  const endedAtOnce = await page.evaluate(
    (input) => {
      const controller = new AbortController()
      const run = window.tabcluster.run(input, { signal: controller.signal }).catch((error: unknown) => String(error))
      controller.abort()
      return run
    },
    { ...small, steps: 100_000 },
  )
  expect(endedAtOnce).toMatch(/: the run was stopped before it began$/)
  const refusal = await page.evaluate(() =>
    window.tabcluster.run({ steps: 0 }).catch((error: unknown) => String(error)),
  )
  expect(refusal).toMatch(/^RefusedError: steps: 0 .*1/)
})

test('weights and texts of a script are held to the same as those of the command line', async ({ page }) => {
  const shape = { layers: 1, heads: 2, embed: 8, context: 16, vocab: 256 }
  const bytes = serializeSafetensors(
    parameterTable(gpt2Shape(shape.layers, shape.heads, shape.embed, shape.context, shape.vocab)).map((spec) => {
      const data = new Float32Array(spec.shape.reduce((a, b) => a * b, 1))
      if (spec.name === 'wpe.weight') data[2 * shape.embed + 3] = Infinity
      return { ...spec, data }
    }),
  )
  await page.goto('/')
  const refusals = await page.evaluate(
    ({ shape: model, file }) => {
      const said = (options: object, data = {}) =>
        window.tabcluster.run({ model, data, batch: { sequence: 16 } }, options).then(
          () => 'accepted',
          (error: unknown) => String(error),
        )
      return Promise.all([
        said({ weights: new Blob([new Uint8Array(file)]) }),
        said({ weights: new Blob(['<!doctype html><html>404</html>']) }),
        said({ text: 'abc\0' }, { text: 'a.txt' }),
      ])
    },
    { shape, file: [...bytes] },
  )
  expect(refusals).toEqual([
    expect.stringContaining('weights: wpe.weight holds Infinity at [2, 3]'),
    expect.stringContaining('weights: the file is a web page, not weights; the download went wrong'),
    expect.stringContaining('data.text: "a.txt" is not text: character 3 is U+0000'),
  ])
})

test('a comparison that trains tells how far it is', async ({ page }) => {
  await page.goto('/')
  const heard = await page.evaluate(async (config) => {
    const events: string[] = []
    await window.tabcluster.compare([config, { ...config, parallel: { data: 2 } }, { parallel: { data: 0 } }], {
      run: true,
      steps: 2,
      onEvent: (event) => {
        const name = event.kind === 'run' ? event.event.kind : event.kind
        if (name === 'step' || event.kind !== 'run') events.push(`${name} ${event.index}`)
      },
    })
    return events
  }, small)
  expect(heard.slice(0, 3).toSorted()).toEqual(['simulated 0', 'simulated 1', 'simulated 2'])
  expect(heard.slice(3)).toEqual(['step 0', 'step 0', 'compared 0', 'step 1', 'step 1', 'compared 1', 'compared 2'])
})

test('simulate and compare need no GPU', async ({ page }) => {
  await page.goto('/')
  const rows = await page.evaluate(() =>
    window.tabcluster.compare([
      {
        model: { preset: 'gpt2' },
        parallel: { data: 8 },
        batch: { global: 8, microbatches: 1 },
        cluster: { device: 'a100-80gb' },
      },
      { parallel: { data: 0 } },
    ]),
  )
  const heard = await page.evaluate(async () => {
    const events: string[] = []
    await window.tabcluster.compare([{ steps: 1 }, { parallel: { data: 0 } }], {
      onEvent: ({ kind, index }) => events.push(`${kind} ${index}`),
    })
    return events.toSorted()
  })
  expect(heard).toEqual(['simulated 0', 'simulated 1'])
  expect('result' in rows[0]! && rows[0].result.tokensPerSecond!.virtual).toBeGreaterThan(0)
  expect(rows[1]).toEqual({ error: expect.stringMatching(/^parallel\.data: 0/) as unknown })
})
