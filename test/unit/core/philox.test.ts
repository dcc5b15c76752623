import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { philox4x32, philoxNormal, philoxUniform } from '../../../src/core/philox.ts'
import { Rng, shuffled, shuffledIndices } from '../../../src/core/random.ts'

/** Counter, key and result as in Random123's file of known answers. */
const KNOWN = [
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
] as const

const words = (hex: string) => hex.split(' ').map((each) => Number.parseInt(each, 16))

test.each(KNOWN)('Philox4x32-10 of counter %s, key %s', (counter, key, result) => {
  const state = Uint32Array.from(words(counter))
  const [key0, key1] = words(key)
  philox4x32(state, key0!, key1!)
  expect([...state]).toEqual(words(result))
})

function normal(seed: number, name: string, first: number, n: number): Float32Array {
  const out = new Float32Array(n)
  philoxNormal(seed, name, first, out, 0.5, 2)
  return out
}

describe('philoxNormal', () => {
  test('any slice equals that part of the whole', () => {
    const whole = normal(7, 'wte.weight', 0, 200)
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), (a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a]
        expect(normal(7, 'wte.weight', from, to - from)).toEqual(whole.slice(from, to))
      }),
    )
  })

  test('far indices are reached without drawing what lies before', () => {
    const far = 2 ** 40 + 3
    expect(normal(7, 'w', far, 6).slice(3)).toEqual(normal(7, 'w', far + 3, 3))
    expect(normal(7, 'w', far, 4)).not.toEqual(normal(7, 'w', 3, 4))
  })

  test('mean, deviation and tails are those of a normal distribution', () => {
    const n = 200_000
    const values = normal(1, 'x', 0, n)
    const mean = values.reduce((a, b) => a + b, 0) / n
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / n
    const beyond = values.reduce((count, each) => count + (Math.abs(each - 0.5) > 4 ? 1 : 0), 0) / n
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02)
    expect(Math.abs(Math.sqrt(variance) - 2)).toBeLessThan(0.02)
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(0.002)
  })

  test('seed and name both matter, beyond 32 bits too', () => {
    const drawn = [normal(1, 'a', 0, 4), normal(2, 'a', 0, 4), normal(1, 'b', 0, 4), normal(1 + 2 ** 32, 'a', 0, 4)]
    expect(new Set(drawn.map(String)).size).toBe(4)
  })
})

test('philoxUniform covers [low, high) evenly and slices as the normal one does', () => {
  const out = new Float32Array(100_000)
  philoxUniform(3, 'u', 0, out, -1, 3)
  const counts = Array.from({ length: 4 }, (_, k) => out.filter((each) => Math.floor(each + 1) === k).length)
  expect(counts.reduce((a, b) => a + b, 0)).toBe(out.length)
  for (const count of counts) expect(Math.abs(count / out.length - 0.25)).toBeLessThan(0.01)
  const part = new Float32Array(5)
  philoxUniform(3, 'u', 17, part, -1, 3)
  expect(part).toEqual(out.slice(17, 22))
})

describe('Rng', () => {
  test('streams repeat, and differ by seed, name and stream', () => {
    const draw = (random: Rng) => Array.from({ length: 9 }, () => random.bits()).join(' ')
    expect(draw(new Rng(5, 'a', 2))).toBe(draw(new Rng(5, 'a', 2)))
    const all = [new Rng(5, 'a'), new Rng(6, 'a'), new Rng(5, 'b'), new Rng(5, 'a', 1), new Rng(5 + 2 ** 32, 'a')]
    expect(new Set(all.map(draw)).size).toBe(5)
  })

  test('a shuffle is a permutation, and every place can be reached', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(), (n, seed) => {
        const order = shuffled(n, new Rng(seed, 's'))
        expect([...shuffledIndices(n, new Rng(seed, 's'))]).toEqual(order)
        expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
      }),
    )
    const first = new Set(Array.from({ length: 100 }, (_, seed) => shuffled(4, new Rng(seed, 's'))[0]))
    expect(first.size).toBe(4)
  })
})
