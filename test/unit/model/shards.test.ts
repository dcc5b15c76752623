import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parameterTable } from '../../../src/model/parameters.ts'
import { gpt2Shape } from '../../../src/model/shape.ts'
import type { ModelShape } from '../../../src/model/shape.ts'
import { shardRuns } from '../../../src/model/shards.ts'

test('over all tensor ranks every element of a cut tensor is held once; a whole one is held by each', () => {
  const shapes = fc.record({
    family: fc.constantFrom<'gpt2' | 'llama'>('gpt2', 'llama'),
    tensor: fc.constantFrom(1, 2, 3, 4),
    headsPerRank: fc.integer({ min: 1, max: 2 }),
    headSize: fc.constantFrom(2, 3),
    extra: fc.constantFrom(0, 1),
    ffnPerRank: fc.integer({ min: 1, max: 5 }),
    vocab: fc.integer({ min: 1, max: 23 }),
  })
  fc.assert(
    fc.property(shapes, ({ family, tensor, headsPerRank, headSize, extra, ffnPerRank, vocab }) => {
      const heads = headsPerRank * tensor
      const ffn = ffnPerRank * tensor
      const shape: ModelShape = {
        family,
        layers: 1,
        heads,
        kvHeads: heads,
        headSize,
        embed: heads * headSize + extra,
        ffn,
        context: 5,
        vocab,
        tied: false,
        ropeTheta: 10_000,
        normEpsilon: 1e-5,
      }
      for (const spec of parameterTable(shape)) {
        const total = spec.shape.reduce((a, b) => a * b, 1)
        const held = new Uint8Array(total)
        for (let index = 0; index < tensor; index++) {
          let end = 0
          for (const { local, global, length } of shardRuns(spec, tensor, index)) {
            if (length === 0) continue
            expect(local, `${spec.name}: runs follow each other`).toBe(end)
            expect(global + length, `${spec.name}: inside the tensor`).toBeLessThanOrEqual(total)
            for (let i = 0; i < length; i++) held[global + i]!++
            end = local + length
          }
        }
        expect(held, spec.name).toEqual(new Uint8Array(total).fill(spec.tensorAxis === null ? tensor : 1))
      }
    }),
    { numRuns: 60 },
  )
})

test('columns, rows and qkv of two ranks, drawn out', () => {
  const table = new Map(parameterTable({ ...gpt2Shape(1, 2, 2, 1, 3), ffn: 4 }).map((spec) => [spec.name, spec]))
  const owners = (name: string) => {
    const spec = table.get(name)!
    const out = Array<string>(spec.shape.reduce((a, b) => a * b, 1)).fill('.')
    for (const index of [0, 1])
      for (const { global, length } of shardRuns(spec, 2, index))
        for (let i = 0; i < length; i++) out[global + i] = String(index)
    return out.join('')
  }
  expect(owners('h.0.attn.c_attn.weight')).toBe('010101010101')
  expect(owners('h.0.attn.c_proj.weight')).toBe('0011')
  expect(owners('h.0.mlp.c_fc.weight')).toBe('00110011')
  expect(owners('h.0.mlp.c_fc.bias')).toBe('0011')
  expect(owners('h.0.mlp.c_proj.weight')).toBe('00001111')
  expect(owners('wte.weight')).toBe('000011')
})
