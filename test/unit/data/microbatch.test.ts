import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { Dataset } from '../../../src/data/dataset.ts'
import { microbatchInputs, segmentsOf, totalWeight } from '../../../src/data/microbatch.ts'
import { byteTokenizer } from '../../../src/data/tokenizers/byte.ts'
import { splitBatch } from '../../../src/strategy/split-batch.ts'

describe('segments', () => {
  test('rows by token, stably', () => {
    // count, tokens, starts, rows; unused places are 0.
    expect([...segmentsOf(Uint32Array.of(7, 2, 7, 9))]).toEqual([3, 2, 7, 9, 0, 0, 1, 3, 4, 0, 1, 0, 2, 3])
    expect([...segmentsOf(Uint32Array.of(5))]).toEqual([1, 5, 0, 1, 0])
  })

  test('every row once, under its token, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1, 5, 50256, 4294967295), { minLength: 1, maxLength: 70 }), (tokens) => {
        const R = tokens.length
        const segments = segmentsOf(Uint32Array.from(tokens))
        expect(segments.length).toBe(1 + R + (R + 1) + R)
        const found: [number, number][] = []
        for (let s = 0; s < segments[0]!; s++)
          for (let k = segments[1 + R + s]!; k < segments[2 + R + s]!; k++)
            found.push([segments[1 + s]!, segments[2 + 2 * R + k]!])
        const expected = tokens.map((token, row) => [token, row] as [number, number])
        expected.sort((a, b) => a[0] - b[0] || a[1] - b[1])
        expect(found).toEqual(expected)
      }),
    )
  })
})

/** Sequences of 4 tokens, of which the last `counted` targets count. */
function dataset(counted: readonly number[], global: number): Dataset {
  const weights = counted.flatMap((n) => Array.from({ length: 4 }, (_, t) => (t >= 4 - n ? 1 : 0)))
  return new Dataset(
    {
      sequence: 3,
      global,
      seed: 1,
      order: 'sequential',
      tokens: Uint16Array.from(weights, (_, i) => i),
      weights: Uint8Array.from(weights),
      validationTokens: new Uint16Array(0),
      validationWeights: null,
    },
    byteTokenizer,
  )
}

describe('micro-batches', () => {
  test('weights of all parts of a global batch sum to one', () => {
    const data = dataset([1, 3, 2, 0, 3, 3], 3)
    expect(totalWeight(data, { step: 0 })).toBe(6)
    const parts = [[2, 0], [1]].map((samples) => microbatchInputs(data, { step: 0 }, samples, { B: 2, T: 3 }))
    expect([...parts[0]!.tokens]).toEqual([8, 9, 10, 0, 1, 2])
    expect([...parts[0]!.targets]).toEqual([9, 10, 11, 1, 2, 3])
    expect([...parts[0]!.weights]).toEqual([0, 1 / 6, 1 / 6, 0, 0, 1 / 6].map(Math.fround))
    const sum = parts.flatMap(({ weights }) => [...weights]).reduce((a, b) => a + b, 0)
    expect(sum).toBeCloseTo(1, 6)
    expect(totalWeight(data, { step: 1 })).toBe(6)
  })

  test('a batch in which nothing counts is refused', () => {
    expect(() => microbatchInputs(dataset([0, 0], 2), { step: 0 }, [0], { B: 1, T: 3 })).toThrow(
      'batch.sequence: 3 is too short: no token of step 0 counts for the loss',
    )
  })
})

describe('dealing the global batch', () => {
  const deal = (global: number, data: number, microbatches: number, shares: number[] | null = null, seed = 1) =>
    splitBatch(parseConfig({ seed, batch: { global, microbatches, shares }, parallel: { data } }))

  test('every sample exactly once; sizes differ by at most one, larger first', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(20),
        fc.nat(9),
        (D, M, more, seed) => {
          const global = D * M + more
          const dealt = deal(global, D, M, null, seed)
          const all = dealt.flat(2).toSorted((a, b) => a - b)
          expect(all).toEqual(Array.from({ length: global }, (_, i) => i))
          const falling = (sizes: number[]) => {
            expect(sizes).toEqual(sizes.toSorted((a, b) => b - a))
            expect(sizes[0]! - sizes.at(-1)!).toBeLessThanOrEqual(1)
          }
          falling(dealt.map((replica) => replica.flat().length))
          for (const replica of dealt) falling(replica.map((part) => part.length))
        },
      ),
    )
  })

  test('the seed shuffles', () => {
    expect(deal(8, 2, 2)).toEqual(deal(8, 2, 2))
    expect(deal(8, 2, 2, null, 1)).not.toEqual(deal(8, 2, 2, null, 2))
  })

  test('shares, by largest remainder', () => {
    expect(deal(8, 3, 2, [0.5, 0.25, 0.25]).map((replica) => replica.flat().length)).toEqual([4, 2, 2])
    expect(deal(7, 3, 1, [3, 1, 1]).map((replica) => replica.flat().length)).toEqual([4, 2, 1])
  })

  test('an empty micro-batch is refused by its field', () => {
    expect(() => deal(2, 3, 1)).toThrow(/^batch\.global: 2 /)
    expect(() => deal(5, 2, 3)).toThrow(/^batch\.microbatches: 3 /)
    expect(() => deal(8, 2, 1, [1, 2, 3])).toThrow(/^batch\.shares: has 3 entries/)
  })
})
