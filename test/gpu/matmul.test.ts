import { describe, expect, test } from 'vitest'
import { expectClose } from '../lib/compare.ts'
import { random, runKernel, useDevice, variantsOf } from '../lib/gpu.ts'

const device = useDevice()

/** 1, odd, prime, not multiples of any tile, multiples of 4 with edges, whole tiles. */
const SIZES = [
  [1, 1, 1],
  [3, 5, 7],
  [17, 13, 31],
  [8, 16, 4],
  [12, 20, 36],
  [67, 65, 33],
  [64, 128, 32],
  [9, 132, 100],
] as const

/** M of the size that is also computed with its workgroups in rows. */
const FOLDED = 67

type Layout = 'matmul_nn' | 'matmul_nt' | 'matmul_tn'

function oracle(layout: Layout, a: Float32Array, b: Float32Array, M: number, N: number, K: number): Float64Array {
  const c = new Float64Array(M * N)
  for (let m = 0; m < M; m++)
    for (let n = 0; n < N; n++) {
      let sum = 0
      for (let k = 0; k < K; k++)
        sum += a[layout === 'matmul_tn' ? k * M + m : m * K + k]! * b[layout === 'matmul_nt' ? n * K + k : k * N + n]!
      c[m * N + n] = sum
    }
  return c
}

for (const layout of ['matmul_nn', 'matmul_nt', 'matmul_tn'] as const)
  describe(layout, () => {
    for (const variant of variantsOf(layout))
      test(variant, async () => {
        for (const [M, N, K] of SIZES)
          for (const accumulate of [0, 1]) {
            const [a, b, bias, before] = [random(M * K, 1), random(K * N, 2), random(N, 3), random(M * N, 4)]
            const useBias = layout === 'matmul_tn' ? 0 : accumulate
            const expected = oracle(layout, a, b, M, N, K)
            for (let i = 0; i < expected.length; i++)
              expected[i]! += (accumulate ? before[i]! : 0) + (useBias ? bias[i % N]! : 0)
            const offsets =
              layout === 'matmul_tn'
                ? { aOffset: 0, bOffset: 0, lda: M, ldb: N }
                : { aOffset: 0, cOffset: 0, lda: K, ldc: N, useBias }
            const { c } = await runKernel(
              device(),
              layout,
              { a, b, bias, c: before },
              { M, N, K, accumulate, ...offsets },
              variant,
            )
            expectClose(`${layout} ${variant} ${M}×${N}×${K} accumulate ${accumulate}`, c!, expected, 1e-5)
            if (M !== FOLDED) continue
            // As grids of more than 65,535 workgroups are.
            const folded = await runKernel(
              device(),
              layout,
              { a, b, bias, c: before },
              { M, N, K, accumulate, ...offsets },
              variant,
              3,
            )
            expect(folded.c, `${variant} in rows of workgroups`).toEqual(c)
          }
      })

    test('offsets', async () => {
      const [M, N, K] = [5, 8, 12]
      for (const variant of variantsOf(layout))
        for (const offset of [4, 3]) {
          const [a, b] = [random(M * K + offset, 1), random(K * N + offset, 2)]
          const tn = layout === 'matmul_tn'
          const expected = oracle(layout, a.subarray(offset), tn ? b.subarray(offset) : b, M, N, K)
          const where = tn
            ? { aOffset: offset, bOffset: offset, lda: M, ldb: N }
            : { aOffset: offset, cOffset: offset, lda: K, ldc: N, useBias: 0 }
          const c = new Float32Array(M * N + offset)
          const out = await runKernel(device(), layout, { a, b, c }, { M, N, K, accumulate: 0, ...where }, variant)
          expectClose(
            `${layout} ${variant} offset ${offset}`,
            out.c!.subarray(tn ? 0 : offset, M * N + (tn ? 0 : offset)),
            expected,
            1e-5,
          )
        }
    })

    // As q, k and v of a row, or the two halves of a gated MLP: columns of a wider matrix, multiples of 4 and not.
    test('columns of wider matrices', async () => {
      for (const variant of variantsOf(layout))
        for (const [M, N, K, skip, wider] of [
          [7, 5, 6, 3, 2],
          [12, 20, 8, 8, 4],
          [67, 12, 36, 4, 8],
        ] as const)
          for (const accumulate of [0, 1]) {
            const tn = layout === 'matmul_tn'
            const wide = (columns: number) => skip + columns + wider
            // Columns skip … skip + columns of each row; the rest is large, so that a wrong step shows.
            const embed = (narrow: Float32Array, columns: number) => {
              const out = random((narrow.length / columns) * wide(columns), 7, 1e3)
              for (let i = 0; i < narrow.length; i++)
                out[Math.floor(i / columns) * wide(columns) + skip + (i % columns)] = narrow[i]!
              return out
            }
            const [a, b] = [random(M * K, 1), random(K * N, 2)]
            const before = random(M * (tn ? N : wide(N)), 4)
            const product = oracle(layout, a, b, M, N, K)
            const expected = Float64Array.from(before)
            for (let i = 0; i < M * N; i++) {
              const at = tn ? i : Math.floor(i / N) * wide(N) + skip + (i % N)
              expected[at] = product[i]! + accumulate * before[at]!
            }
            const { c } = await runKernel(
              device(),
              layout,
              { a: embed(a, tn ? M : K), b: tn ? embed(b, N) : b, c: before },
              tn
                ? { M, N, K, accumulate, aOffset: skip, bOffset: skip, lda: wide(M), ldb: wide(N) }
                : { M, N, K, accumulate, useBias: 0, aOffset: skip, cOffset: skip, lda: wide(K), ldc: wide(N) },
              variant,
            )
            expectClose(`${layout} ${variant} ${M}×${N}×${K} accumulate ${accumulate}`, c!, expected, 1e-5)
          }
    })
  })
