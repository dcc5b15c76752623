import { describe, expect, test } from 'vitest'
import { referenceGradients } from '../../reference/reference.ts'
import { ReferenceTrainer } from '../../reference/trainer.ts'
import { gpt2Shape } from '../../../src/model/shape.ts'
import type { ModelShape } from '../../../src/model/shape.ts'
import { GOLDEN_OPTIMIZER, formulaBatch, formulaWeights, readGolden } from '../../golden/golden.ts'
import { expectClose } from '../../lib/compare.ts'

const tiny = gpt2Shape(2, 3, 15, 7, 13)

/** Three query heads to a key head, heads that are together narrower than the model. */
const tinyLlama: ModelShape = {
  family: 'llama',
  layers: 2,
  heads: 3,
  kvHeads: 1,
  headSize: 4,
  embed: 15,
  ffn: 17,
  context: 7,
  vocab: 13,
  tied: false,
  // Neither is the usual one.
  ropeTheta: 500,
  normEpsilon: 0.01,
}

/** Targets count unequally, one not at all. */
function weighted(B: number, T: number, vocab: number) {
  const { batch } = formulaBatch(B, T, vocab)
  const raw = Array.from({ length: B * T }, (_, r) => r % 4)
  const total = raw.reduce((a, b) => a + b, 0)
  return { ...batch, weights: raw.map((each) => each / total) }
}

describe.each<[string, ModelShape]>([
  ['tied head', tiny],
  ['head of its own, narrow ffn', { ...tiny, tied: false, ffn: 17 }],
  ['another epsilon of the norms', { ...tiny, layers: 1, normEpsilon: 0.1 }],
  ['LLaMA', tinyLlama],
  ['LLaMA, tied head, key heads for each', { ...tinyLlama, layers: 1, tied: true, kvHeads: 3, headSize: 2 }],
])('gradients, %s', (_, shape) => {
  test('agree with central differences of the loss, every tensor', () => {
    const batch = weighted(2, 5, 13)
    const parameters = new Map([...formulaWeights(shape)].map(([name, values]) => [name, Float64Array.from(values)]))
    const { gradients } = referenceGradients(shape, parameters, batch)
    const h = 1e-5
    for (const [name, values] of parameters) {
      // Prime to every width, so that every column is met.
      const stride = values.length > 100 ? 11 : 1
      const [numeric, analytic]: [number[], number[]] = [[], []]
      for (let i = 0; i < values.length; i += stride) {
        const kept = values[i]!
        const lossAt = (value: number) => {
          values[i] = value
          return referenceGradients(shape, parameters, batch).loss
        }
        numeric.push((lossAt(kept + h) - lossAt(kept - h)) / (2 * h))
        values[i] = kept
        analytic.push(gradients.get(name)![i]!)
      }
      expectClose(name, analytic, numeric, 1e-7, 1e-2)
    }
  })
})

const GOLDENS = [
  ['gpt2', 'even'],
  ['gpt2', 'odd'],
  ['llama', 'even'],
  ['llama', 'odd'],
] as const

test.each(GOLDENS)("PyTorch's logits, loss and gradients, %s, %s sizes", (family, name) => {
  const golden = readGolden(name, family)
  const { loss, logits, gradients } = referenceGradients(golden.shape, golden.init, golden.batch)
  expect(Math.abs(loss - golden.steps[0]!.loss)).toBeLessThan(1e-12)
  expectClose('logits', logits, golden.logits, 1e-6)
  expect([...gradients.keys()]).toEqual([...golden.gradients.keys()])
  for (const [tensor, values] of gradients) expectClose(tensor, values, golden.gradients.get(tensor)!, 1e-6)
})

test.each(GOLDENS)("ten of PyTorch's AdamW steps, %s, %s sizes", (family, name) => {
  const golden = readGolden(name, family)
  const trainer = new ReferenceTrainer(golden.shape, golden.init, GOLDEN_OPTIMIZER)
  for (const [i, { loss, gradNorm }] of golden.steps.entries()) {
    const step = trainer.step(golden.batch)
    expect(Math.abs(step.loss / loss - 1), `loss of step ${i}`).toBeLessThan(1e-9)
    expect(Math.abs(step.gradNorm / gradNorm - 1), `gradient norm of step ${i}`).toBeLessThan(1e-9)
  }
})

test('SGD: two steps by hand, with momentum, clipping and decay of matrices only', () => {
  const [learningRate, momentum, weightDecay, gradClip] = [0.1, 0.9, 0.01, 0.5]
  const { batch } = formulaBatch(2, 5, 13)
  const init = formulaWeights(tiny)
  const at = (name: string, values: ReadonlyMap<string, ArrayLike<number>>) => values.get(name)![3]!
  for (const [name, decay] of [
    ['h.0.mlp.c_fc.weight', weightDecay],
    ['ln_f.weight', 0],
  ] as const) {
    const trainer = new ReferenceTrainer(tiny, init, { kind: 'sgd', learningRate, momentum, weightDecay, gradClip })
    const slope = () => {
      const { gradients } = referenceGradients(tiny, trainer.parameters, batch)
      const { gradNorm } = trainer.step(batch)
      expect(gradNorm).toBeGreaterThan(gradClip)
      return (at(name, gradients) * gradClip) / (gradNorm + 1e-6)
    }
    const p0 = at(name, init)
    const m1 = slope() + decay * p0
    const p1 = p0 - learningRate * m1
    expect(at(name, trainer.parameters)).toBeCloseTo(p1, 14)
    const m2 = momentum * m1 + slope() + decay * p1
    expect(at(name, trainer.parameters)).toBeCloseTo(p1 - learningRate * m2, 14)
  }
})

test('refuses what it cannot compute', () => {
  const { batch } = formulaBatch(2, 5, 13)
  const init = formulaWeights(tiny)
  expect(() => referenceGradients(tinyLlama, init, batch)).toThrow('model.embed_tokens.weight')
  expect(() => referenceGradients({ ...tiny, vocab: 12 }, init, batch)).toThrow('wte.weight')
  expect(() => referenceGradients(tiny, init, { ...batch, tokens: new Uint32Array(10).fill(13) })).toThrow(
    'batch.tokens',
  )
  expect(() => referenceGradients({ ...tiny, context: 4 }, formulaWeights({ ...tiny, context: 4 }), batch)).toThrow(
    'batch.T',
  )
})
