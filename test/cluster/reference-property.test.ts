import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeTaskHost } from '../../src/cluster/hosts/node-tasks.ts'
import { drawParameter } from '../../src/cluster/initial-values.ts'
import { startRun } from '../../src/cluster/run.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { RunConfig } from '../../src/config/types.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { prepareDataset } from '../../src/data/prepare.ts'
import { parameterTable } from '../../src/model/parameters.ts'
import { referenceGradients } from '../reference/reference.ts'
import type { ReferenceBatch } from '../reference/batch.ts'
import { expectSameGradients } from '../lib/compare.ts'
import { reusingRankHost } from '../lib/run.ts'

/** The weights every run of this seed starts from. */
function drawn({ model, seed }: RunConfig): Map<string, Float32Array> {
  return new Map(
    parameterTable(model).map((spec) => {
      const values = new Float32Array(spec.shape.reduce((a, b) => a * b, 1))
      drawParameter(spec, seed, { tensor: 1, index: 0 }, 0, values)
      return [spec.name, values]
    }),
  )
}

/** The whole batch of the first step, in the order of its samples. */
function firstBatch(dataset: Dataset): ReferenceBatch {
  const samples = Array.from({ length: dataset.global }, (_, i) => dataset.sample(0, i))
  const weights = samples.flatMap((each) => [...each.weights])
  const total = weights.reduce((a, b) => a + b, 0)
  return {
    B: dataset.global,
    T: dataset.sequence,
    tokens: samples.flatMap((each) => [...each.tokens]),
    targets: samples.flatMap((each) => [...each.targets]),
    weights: weights.map((each) => each / total),
  }
}

/** Two bytes a token, below `vocab`, the same for a seed. */
function tokenBytes(count: number, vocab: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(2 * count)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < count; i++) view.setUint16(2 * i, (Math.imul(i + seed, 2654435761) >>> 8) % vocab, true)
  return bytes
}

const cases = fc
  .record({
    layers: fc.integer({ min: 1, max: 3 }),
    family: fc.constantFrom('gpt2', 'llama'),
    /** Query heads to a key head, in family llama. */
    shared: fc.integer({ min: 1, max: 3 }),
    heads: fc.integer({ min: 1, max: 4 }),
    headSize: fc.integer({ min: 2, max: 11 }),
    // Attention need not be as wide as the residual stream.
    embed: fc.option(fc.integer({ min: 2, max: 40 }), { nil: undefined }),
    ffn: fc.integer({ min: 3, max: 70 }),
    vocab: fc.integer({ min: 2, max: 90 }),
    tied: fc.boolean(),
    sequence: fc.integer({ min: 1, max: 18 }),
    slack: fc.integer({ min: 0, max: 3 }),
    microbatches: fc.integer({ min: 1, max: 3 }),
    shares: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    spare: fc.integer({ min: 0, max: 2 }),
    corpus: fc.boolean(),
    seed: fc.nat(10_000),
  })
  .map(
    ({
      family,
      shared,
      heads: keyHeads,
      headSize: anySize,
      shares,
      microbatches,
      sequence,
      spare,
      slack,
      corpus,
      seed,
      ...rest
    }) => {
      const vocab = corpus ? 256 : rest.vocab
      // Rotary positions turn pairs.
      const headSize = family === 'llama' ? 2 * Math.ceil(anySize / 2) : anySize
      const heads = family === 'llama' ? keyHeads * shared : keyHeads
      const samples = shares.reduce((a, b) => a + b, 0) * microbatches + spare
      return {
        seed,
        steps: 1,
        model: {
          family,
          layers: rest.layers,
          heads,
          ...(family === 'llama' ? { kvHeads: keyHeads, ropeTheta: 100, normEpsilon: 1e-3 } : {}),
          ...(rest.embed === undefined ? { embed: heads * headSize } : { embed: rest.embed, headSize }),
          ffn: rest.ffn,
          // Documents are longer than the prompt they start with: some target counts.
          context: (corpus ? 24 : sequence) + slack,
          vocab,
          tied: rest.tied,
        },
        batch: {
          global: samples,
          microbatches,
          sequence: corpus ? 24 : sequence,
          shares: shares.length > 1 ? shares : null,
        },
        data: corpus ? { corpus: 'addition' } : { tokens: 'drawn.bin' },
        parallel: { data: shares.length, pipeline: spare === 1 && rest.layers > 1 ? 2 : 1 },
      }
    },
  )

/** The first step of a run has the loss and the gradients of the float64 model, and takes the bytes of its Program. */
async function agreesWithReference(input: object): Promise<void> {
  const config = parseConfig(input)
  const { global, sequence } = config.batch
  const bytes = tokenBytes(global * (sequence + 1), config.model.vocab, config.seed)
  const dataset = await prepareDataset(config, { readBytes: async () => bytes })
  const expected = referenceGradients(config.model, drawn(config), firstBatch(dataset))
  const host = nodeTaskHost('memory', reusingRankHost)
  const run = await startRun({ config, dataset, host, captureGradients: true })
  const { steps, ranks } = await run.finished
  expect(Math.abs(steps![0]!.loss - expected.loss)).toBeLessThan(1e-5 * Math.max(1, expected.loss))
  const gradients = new Map([...expected.gradients].map(([name, values]) => [name, Float32Array.from(values)]))
  expectSameGradients(run.gradients!, gradients)
  for (const rank of ranks!) expect(rank.peakBytes).toEqual(rank.predictedBytes)
}

const narrow = { layers: 2, heads: 3, headSize: 5, embed: 16, ffn: 21, context: 9, vocab: 11 }
const narrowLlama = { ...narrow, family: 'llama', heads: 6, kvHeads: 3, headSize: 2 }

test.each([
  ['one device', {}, narrow],
  ['three tensor ranks', { tensor: 3 }, narrow],
  ['two replicas with shared state', { data: 2, zero: 2 }, narrow],
  ['LLaMA, three tensor ranks', { tensor: 3 }, narrowLlama],
])('heads that together are narrower than the residual stream: %s', (_, parallel, model) =>
  agreesWithReference({
    steps: 1,
    model,
    batch: { global: 4, microbatches: 2, sequence: 9 },
    data: { tokens: 'drawn.bin' },
    parallel,
  }),
)

test('any small model and batch: the first loss and gradients of the float64 model', async () => {
  const seed = Number(process.env.TABCLUSTER_SEED ?? Date.now() % 2 ** 31)
  console.log(`fast-check seed ${seed} (TABCLUSTER_SEED repeats it)`)
  await fc.assert(fc.asyncProperty(cases, agreesWithReference), { seed, numRuns: 12 })
})
