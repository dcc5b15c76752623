import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codecBytes, decode, encode, type Codec } from '../../../src/comm/codec.ts'
import { fromHalf, toHalf } from '../../../src/comm/codecs/fp16.ts'

const vectors = fc.float32Array({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000, maxLength: 700 })

function roundTrip(codec: Codec, values: Float32Array): Float32Array {
  const bytes = encode(codec, values)
  expect(bytes.length).toBe(codecBytes(codec, values.length))
  const into = new Float32Array(values.length).fill(7)
  decode(codec, bytes, into)
  return into
}

test('bytes by hand', () => {
  expect([0, 1, 2, 3, 1000].map((n) => codecBytes({ kind: 'fp16' }, n))).toEqual([0, 4, 4, 8, 2000])
  // 1000 bytes and 4 scales of 256 elements each; 1 byte padded to a word and a scale
  expect([0, 1, 256, 257, 1000].map((n) => codecBytes({ kind: 'int8' }, n))).toEqual([0, 8, 260, 268, 1016])
  // a hundredth, rounded up, of index and value
  expect([0, 1, 100, 101, 1000].map((n) => codecBytes({ kind: 'topk', ratio: 0.01 }, n))).toEqual([0, 8, 8, 16, 80])
})

describe('fp16', () => {
  test('known numbers', () => {
    const known: [number, number][] = [
      [0, 0],
      [-0, 0x8000],
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [1e9, 0x7bff],
      [2 ** -14, 0x0400],
      [2 ** -24, 0x0001],
      [2 ** -25, 0x0000],
      [1.5 * 2 ** -25, 0x0001],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [2 - 2 ** -12, 0x4000],
      [NaN, 0x7e00],
    ]
    for (const [value, bits] of known) expect(toHalf(value), `${value}`).toBe(bits)
  })

  test('every half survives, every float goes to a nearest half', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      if ((bits & 0x7c00) === 0x7c00) continue
      if (toHalf(fromHalf(bits)) !== bits) expect.fail(`half ${bits} became ${toHalf(fromHalf(bits))}`)
    }
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -60000, max: 60000 }), (value) => {
        const bits = toHalf(value)
        const error = Math.abs(fromHalf(bits) - value)
        for (const other of [bits - 1, bits + 1]) {
          if ((other & 0x7c00) === 0x7c00 || other < 0) continue
          expect(error).toBeLessThanOrEqual(Math.abs(fromHalf(other) - value))
        }
      }),
    )
  })

  test('round trip within half an ulp of 11 bits', () => {
    fc.assert(
      fc.property(vectors, (values) => {
        for (const [i, value] of roundTrip({ kind: 'fp16' }, values).entries()) {
          expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(Math.max(Math.abs(values[i]!) * 2 ** -11, 2 ** -25))
        }
      }),
    )
  })
})

test('int8 is within half a quantum of its chunk', () => {
  fc.assert(
    fc.property(vectors, (values) => {
      const back = roundTrip({ kind: 'int8' }, values)
      for (let start = 0; start < values.length; start += 256) {
        const chunk = values.subarray(start, start + 256)
        const scale = Math.max(...chunk.map(Math.abs)) / 127
        for (const [i, value] of chunk.entries()) {
          expect(Math.abs(back[start + i]! - value)).toBeLessThanOrEqual(scale * 0.5001 + 2e-43)
        }
      }
    }),
  )
})

test('top-k keeps the largest magnitudes, of equals the first, and nothing else', () => {
  expect([...roundTrip({ kind: 'topk', ratio: 0.5 }, Float32Array.of(1, -3, 3, 2, -3, 0))]).toEqual([
    0, -3, 3, 0, -3, 0,
  ])
  expect([...roundTrip({ kind: 'topk', ratio: 0.3 }, Float32Array.of(1, 1, 1, 1))]).toEqual([1, 1, 0, 0])
  fc.assert(
    fc.property(vectors, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, ratio) => {
      const order = [...values.keys()].sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!) || a - b)
      const k = codecBytes({ kind: 'topk', ratio }, values.length) / 8
      const expected = new Float32Array(values.length)
      for (const i of order.slice(0, k)) expected[i] = values[i]!
      expect(roundTrip({ kind: 'topk', ratio }, values)).toEqual(expected)
    }),
  )
})

test('refuses bytes of another length, a ratio outside, an index outside', () => {
  const topk: Codec = { kind: 'topk', ratio: 0.5 }
  expect(() => decode({ kind: 'fp16' }, new Uint8Array(3), new Float32Array(2))).toThrow('fp16: 3 bytes where 2')
  expect(() => encode({ kind: 'topk', ratio: 0 }, new Float32Array(2))).toThrow('ratio: 0 is not in (0, 1]')
  const bytes = encode(topk, Float32Array.of(0, 0, 0, 5))
  bytes[0] = 9
  expect(() => decode(topk, bytes, new Float32Array(4))).toThrow('topk: index 9 in a vector of 4')
})
