import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from './lib/install.mjs'

/**
 * What a cluster costs beside its compute: four DDP ranks on one adapter against one rank with the same global batch, at a
 * shape where compute dominates. Runs alternate; the median step of each counts.
 */
const SHAPE = {
  model: { layers: 4, heads: 4, embed: 256, context: 128, vocab: 256 },
  batch: { global: 8, microbatches: 1, sequence: 128 },
  data: { corpus: 'brackets' },
  steps: 5,
}
const ROUNDS = 3

async function medianStep(parallel) {
  const folder = await mkdtemp(join(tmpdir(), 'tabcluster-'))
  const out = join(folder, 'result.json')
  const args = ['scripts/tabcluster.mjs', 'train', '--config', JSON.stringify({ ...SHAPE, parallel }), '--out', out]
  await promisify(execFile)(process.execPath, args, { cwd: ROOT, maxBuffer: 2 ** 26 })
  const { steps } = JSON.parse(await readFile(out, 'utf8'))
  await rm(folder, { recursive: true })
  // The first step makes pipelines and bind groups.
  const times = steps.slice(1).map((each) => each.milliseconds)
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]
}

const [one, four] = [[], []]
for (let round = 0; round < ROUNDS; round++) {
  one.push(await medianStep({}))
  four.push(await medianStep({ data: 4 }))
}
const best = (times) => Math.min(...times)
const rate = (milliseconds) => Math.round((SHAPE.batch.global * SHAPE.batch.sequence * 1000) / milliseconds)
process.stdout.write(
  `one rank    ${one.map(Math.round).join(' ')} ms, ${rate(best(one))} tokens/s\n` +
    `four ranks  ${four.map(Math.round).join(' ')} ms, ${rate(best(four))} tokens/s\n` +
    `ratio       ${(best(one) / best(four)).toFixed(2)}\n`,
)
