import { expect, test } from 'vitest'
import { halfToNumber, widenBfloat16, widenHalf } from '../../../src/core/float16.ts'

const HALVES: readonly (readonly [number, number])[] = [
  [0x0000, 0],
  [0x8000, -0],
  [0x3c00, 1],
  [0xc000, -2],
  [0x3555, 0.333251953125],
  [0x7bff, 65504],
  [0x0400, 2 ** -14],
  [0x0001, 2 ** -24],
  [0x83ff, -1023 * 2 ** -24],
  [0x7c00, Infinity],
  [0xfc00, -Infinity],
  [0x7e00, NaN],
]

test.each(HALVES)('half 0x%s is %d', (bits, value) => {
  expect(halfToNumber(bits)).toBe(value)
  const out = new Float32Array(1)
  widenHalf(Uint16Array.of(bits), out)
  expect(out[0]).toBe(value)
})

test('bfloat16 is the upper half of an f32', () => {
  const bits = Uint16Array.of(0x3f80, 0xc049, 0x0001, 0x7f80, 0x8000)
  const out = new Float32Array(bits.length + 1).subarray(1)
  widenBfloat16(bits, out)
  expect([...out]).toEqual([1, -3.140625, 2 ** -133, Infinity, -0])
})
