import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { parameterCount } from '../../../src/model/parameters.ts'
import { hardwareFlops, modelFlops } from '../../../src/sim/model-flops.ts'
import published from '../../published/model-sizes.json' with { type: 'json' }
import megatron from '../../published/megatron-table-1.json' with { type: 'json' }

const configOf = (model: object) => parseConfig({ precision: 'mixed-bf16', model }, 'simulate')

describe('parameters, to the last one', () => {
  it.each(Object.entries(published.parameters))('%s', (preset, parameters) => {
    expect(parameterCount(configOf({ preset }).model)).toBe(parameters)
  })

  it.each(megatron.rows)('Megatron-LM, $billions B: equation (2)', (row) => {
    const { layers: l, hidden: h, heads } = row
    const { sequence: s, vocab: V } = megatron
    const count = parameterCount(configOf({ layers: l, heads, embed: h, context: s, vocab: V }).model)
    // The equation leaves out the final norm.
    expect(count - 2 * h).toBeCloseTo(12 * l * h ** 2 * (1 + 13 / (12 * h) + (V + s) / (12 * l * h)), -2)
    expect((count / 1e9).toFixed(1)).toBe(String(row.billions))
  })
})

describe('floating-point operations', () => {
  it('nanoGPT counts the same for GPT-2', () => {
    const { preset, sequence, forward, forwardAndBackward } = published.flops
    const { model } = configOf({ preset })
    expect(modelFlops(model, sequence, sequence)).toBe(forwardAndBackward)
    expect(modelFlops(model, sequence, sequence)).toBe(3 * forward)
  })

  it.each(megatron.rows)('Megatron-LM, $billions B: equation (3), full recomputation', (row) => {
    const { layers: l, hidden: h, heads, batch: B } = row
    const { sequence: s, vocab: V } = megatron
    const { model } = configOf({ layers: l, heads, embed: h, context: s, vocab: V })
    const equation = 96 * B * s * l * h ** 2 * (1 + s / (6 * h) + V / (16 * l * h))
    expect(hardwareFlops(model, B * s, s, 'full') / equation).toBeCloseTo(1, 12)
  })
})
