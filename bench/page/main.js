import * as jax from './jax.js'
import * as ours from './ours.ts'
import * as tfjs from './tfjs.js'

const PEERS = { 'jax-js': jax, 'tfjs-webgpu': tfjs }

/** A single timing takes at least this long, so that starting and waiting do not count. */
const LEAST_SECONDS = 0.03

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

async function timed(work) {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

/** Seconds of one run of each, medians over `rounds`; the order turns by one in every round. */
async function alternated(contestants, rounds) {
  const counts = []
  for (const { run } of contestants) {
    await run(1)
    counts.push(Math.max(1, Math.ceil(LEAST_SECONDS / (await timed(() => run(1))))))
  }
  const times = contestants.map(() => [])
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < contestants.length; turn++) {
      const i = (round + turn) % contestants.length
      times[i].push((await timed(() => contestants[i].run(counts[i]))) / counts[i])
    }
  return times.map(median)
}

function describe(error) {
  return error instanceof Error ? error.message : String(error)
}

/** One product by everyone: GFLOP/s by name, and what failed. */
async function product(index, rounds) {
  const given = ours.productCases()[index]
  const names = ['ours']
  const contestants = [await ours.product(index)]
  const failed = {}
  for (const [name, peer] of Object.entries(PEERS))
    try {
      const contestant = await peer.product(given)
      await contestant.run(1)
      contestants.push(contestant)
      names.push(name)
    } catch (error) {
      failed[name] = describe(error)
    }
  const seconds = await alternated(contestants, rounds)
  for (const { free } of contestants) free()
  const values = Object.fromEntries(names.map((name, i) => [name, given.launch.flops / seconds[i] / 1e9]))
  return { case: given.name, shape: given.shape, values, failed }
}

/** The same product by our variants alone. */
async function variants(index, rounds, names) {
  const given = ours.productCases()[index]
  const contestants = []
  for (const name of names) contestants.push(await ours.product(index, { [given.kernel]: name }))
  const seconds = await alternated(contestants, rounds)
  contestants[0].free()
  const values = Object.fromEntries(names.map((name, i) => [name, given.launch.flops / seconds[i] / 1e9]))
  return { case: given.name, shape: given.shape, values, failed: {} }
}

/** Training steps in turns: tokens/s by name and the first and last loss of each. */
async function training(names, rounds) {
  const { global, sequence } = ours.TRAIN_CASE.batch
  const makers = { ours: ours.training, 'jax-js': jax.training, 'tfjs-webgpu': tfjs.training }
  const runs = []
  for (const name of names) runs.push({ name, times: [], losses: [], ...(await makers[name]()) })
  for (let round = 0; round <= rounds; round++)
    for (let turn = 0; turn < runs.length; turn++) {
      const run = runs[(round + turn) % runs.length]
      const { seconds, loss } = await run.step()
      run.losses.push(loss)
      if (round > 0) run.times.push(seconds)
    }
  for (const { free } of runs) await free()
  return {
    values: Object.fromEntries(runs.map(({ name, times }) => [name, (global * sequence) / median(times)])),
    losses: Object.fromEntries(runs.map(({ name, losses }) => [name, [losses[0], losses.at(-1)]])),
  }
}

globalThis.bench = {
  ours,
  peers: PEERS,
  adapter: ours.adapter,
  products: ours.productCases().length,
  product,
  variants,
  training,
}
