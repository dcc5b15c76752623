import { describe, expect, test } from 'vitest'
import { SOFTWARE_IDS } from '../../../src/config/names.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { parameterCount } from '../../../src/model/parameters.ts'
import { layoutSearch } from '../../../src/sim/planner/plan.ts'
import { simulate } from '../../../src/sim/simulate.ts'

const XL = {
  precision: 'mixed-bf16',
  model: { preset: 'gpt2-xl' },
  batch: { global: 64, microbatches: 1, sequence: 1024 },
  cluster: { device: 'a100-80gb', intraNode: 'nvlink3' },
}

function run(input: object) {
  const { result } = simulate(parseConfig({ ...XL, ...input }, 'simulate'))
  const total = Math.max(...result.ranks.map(({ predictedBytes }) => predictedBytes.total))
  const sent = Math.max(...result.ranks.map(({ sentBytes }) => sentBytes))
  return { result, total, sent, seconds: result.time.stepSeconds }
}

describe('the software is a field of its own', () => {
  test('its default goes by the precision, never by the strategy or the family', () => {
    const software = (input: object) => run(input).result.software
    const parallels = [{}, { data: 8, zero: 3 }, { data: 8, recompute: 'full' }, { data: 2, pipeline: 4 }]
    for (const parallel of parallels) expect(software({ parallel })).toBe('modern')
    expect(software({ model: { preset: 'llama-2-7b' }, parallel: { tensor: 8 } })).toBe('modern')
    expect(software({ precision: 'f32', model: { preset: 'gpt2' }, parallel: { data: 8, zero: 3 } })).toBe('tabcluster')
    for (const id of SOFTWARE_IDS)
      expect(software({ parallel: { data: 8, zero: 3 }, cluster: { ...XL.cluster, software: id } })).toBe(id)
  })

  test('gpt2-xl on 8 A100: ZeRO-3 sends half as much again, is not faster without overlap, and saves what its shards do', () => {
    const zero = (stage: number) => run({ parallel: { data: 8, zero: stage, overlap: false } })
    const [two, three] = [zero(2), zero(3)]
    expect(three.sent / two.sent).toBeCloseTo(1.5, 2)
    expect(three.seconds).toBeGreaterThanOrEqual(two.seconds)
    const { model } = two.result.config
    const saved = (2 * parameterCount(model) * 7) / 8
    // Gathered meanwhile: the block at work, the one ahead, and what belongs to no block.
    const block = (2 * (parameterCount(model) - parameterCount({ ...model, layers: 1 }))) / (model.layers - 1)
    const rest = 2 * parameterCount(model) - model.layers * block
    expect(two.total - three.total).toBeLessThanOrEqual(saved)
    expect(two.total - three.total).toBeGreaterThanOrEqual(saved - 2 * block - rest)
  })

  test('more shards never hold more', () => {
    // Accumulated: with a single micro-batch ZeRO-1 gives every gradient away at once, as ZeRO-2 does.
    const batch = { ...XL.batch, microbatches: 2 }
    const totals = [0, 1, 2, 3].map((zero) => run({ batch, parallel: { data: 8, zero } }).total)
    expect(totals).toEqual(totals.toSorted((a, b) => b - a))
    expect(new Set(totals).size).toBe(4)
  })

  test('the planner finds what simulate says of its winner', () => {
    const config = parseConfig({ ...XL, parallel: { data: 8 }, batch: { ...XL.batch, microbatches: 2 } }, 'simulate')
    const steps = layoutSearch(config, { clocked: 4 })
    let next = steps.next()
    while (!next.done) next = steps.next()
    const { best, ranked, software } = next.value
    const found = simulate(best).result
    expect(software).toBe(found.software)
    expect(ranked[0]!.stepSeconds).toBe(found.time.stepSeconds)
    expect(ranked[0]!.memoryBytes).toBe(Math.max(...found.ranks.map(({ predictedBytes }) => predictedBytes.total)))
  })
})

describe('attention and dropout belong to the model', () => {
  const parallel = { data: 8 }
  test('scores in memory, and masks, cost time and bytes', () => {
    const fused = run({ parallel })
    const materialized = run({ parallel, model: { preset: 'gpt2-xl', attention: 'materialized' } })
    const dropped = run({ parallel, model: { preset: 'gpt2-xl', attention: 'materialized', dropout: 0.1 } })
    for (const [less, more] of [
      [fused, materialized],
      [materialized, dropped],
    ] as const) {
      expect(more.seconds).toBeGreaterThan(less.seconds)
      expect(more.total).toBeGreaterThan(less.total)
    }
    const megatron = { ...XL.cluster, software: 'megatron-2021' }
    const asNamed = { preset: 'gpt2-xl', attention: 'materialized', dropout: 0.1 }
    expect(run({ parallel, cluster: megatron, model: asNamed }).seconds).toBe(
      run({ parallel, cluster: megatron }).seconds,
    )
    const modern = { preset: 'gpt2-xl', attention: 'fused', dropout: 0 }
    expect(run({ parallel, model: modern }).seconds).toBe(fused.seconds)
  })

  test('what this project does not execute is not clocked as if it did', () => {
    const small = { precision: 'f32', model: { preset: 'nano' }, batch: {}, cluster: {} }
    const own = run(small)
    expect(run({ ...small, model: { preset: 'nano', attention: 'materialized' } }).seconds).toBeGreaterThan(own.seconds)
    const other = run({ ...small, cluster: { software: 'modern' } })
    expect(other.result.software).toBe('modern')
    expect(other.seconds).not.toBe(own.seconds)
    for (const input of [{ model: { dropout: 0.1 } }, { cluster: { software: 'modern' } }])
      expect(() => parseConfig(input)).toThrow(/ is for simulate; execution takes null or /)
  })
})

/** Read off llm.c's scripts and README, which fused attention and element-wise kernels; nothing was fitted to them. */
describe("llm.c's runs, which fit their devices", () => {
  test.each([
    ['gpt2', 'a100-80gb', 'nvlink3', 524_288, 64, 0.3],
    ['gpt2-xl', 'h100-80gb', 'nvlink4', 1_048_576, 16, 2.8],
  ])('%s on 8 × %s', (preset, device, intraNode, tokens, microBatch, seconds) => {
    const global = tokens / 1024
    const found = run({
      model: { preset, vocab: 50304 },
      batch: { global, microbatches: global / 8 / microBatch, sequence: 1024 },
      parallel: { data: 8, zero: 1 },
      cluster: { device, intraNode },
    })
    expect(Math.abs(found.seconds / seconds - 1)).toBeLessThan(0.1)
    expect(found.total).toBeLessThan(80e9)
  })
})
