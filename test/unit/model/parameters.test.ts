import { expect, test } from 'vitest'
import { parameterCount, parameterTable } from '../../../src/model/parameters.ts'
import { MODEL_PRESETS } from '../../../src/model/presets.ts'
import { gpt2Shape } from '../../../src/model/shape.ts'

/** Counts of the released checkpoints, a tied head counted once. */
test.each([
  ['gpt2', 124_439_808],
  ['gpt2-medium', 354_823_168],
  ['gpt2-large', 774_030_080],
  ['gpt2-xl', 1_557_611_200],
  ['llama-2-7b', 6_738_415_616],
  ['llama-3-8b', 8_030_261_248],
  ['llama-3-70b', 70_553_706_496],
  ['llama-3.1-405b', 405_853_388_800],
  ['tinyllama-1.1b', 1_100_048_384],
] as const)('%s has %d parameters', (preset, count) => {
  expect(parameterCount(MODEL_PRESETS[preset])).toBe(count)
})

test('names are unique and weights, not biases and norms, decay', () => {
  for (const shape of [
    gpt2Shape(3, 3, 33, 11, 61),
    { ...gpt2Shape(2, 4, 32, 16, 50), tied: false },
    MODEL_PRESETS['llama-2-70b'],
  ]) {
    const table = parameterTable(shape)
    expect(new Set(table.map(({ name }) => name)).size).toBe(table.length)
    for (const { name, decay } of table) expect(decay, name).toBe(name.endsWith('weight') && !/ln_|norm/.test(name))
  }
})

test('a head of its own adds vocab × embed', () => {
  const tied = gpt2Shape(2, 4, 32, 16, 50)
  expect(parameterCount({ ...tied, tied: false }) - parameterCount(tied)).toBe(50 * 32)
})
