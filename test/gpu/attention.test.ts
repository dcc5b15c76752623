import { describe, test } from 'vitest'
import { expectClose } from '../lib/compare.ts'
import { random, runKernel, useDevice, variantsOf } from '../lib/gpu.ts'

const device = useDevice()

type Sizes = readonly [B: number, T: number, NH: number, KV: number, HS: number]

/** Straightforward float64: softmax over the visible keys, then its derivative. */
function reference(qkv: Float32Array, dout: Float32Array, [B, T, NH, KV, HS]: Sizes) {
  const width = NH * HS
  const o = new Float64Array(B * T * width)
  const lse = new Float64Array(B * NH * T)
  const dqkv = new Float64Array(qkv.length)
  // The heads of a row in order: those of q, of k, of v. Query head h looks at key head ⌊h·KV/NH⌋.
  const at = (b: number, t: number, part: number, h: number, d: number) => {
    const head = part === 0 ? h : NH + (part - 1) * KV + Math.floor((h * KV) / NH)
    return ((b * T + t) * (NH + 2 * KV) + head) * HS + d
  }
  for (let b = 0; b < B; b++)
    for (let h = 0; h < NH; h++)
      for (let t = 0; t < T; t++) {
        const scores: number[] = []
        for (let s = 0; s <= t; s++) {
          let score = 0
          for (let d = 0; d < HS; d++) score += qkv[at(b, t, 0, h, d)]! * qkv[at(b, s, 1, h, d)]!
          scores.push(score / Math.sqrt(HS))
        }
        const highest = Math.max(...scores)
        const sum = scores.reduce((total, score) => total + Math.exp(score - highest), 0)
        lse[(b * NH + h) * T + t] = highest + Math.log(sum)
        const p = scores.map((score) => Math.exp(score - highest) / sum)
        const row = (b * T + t) * width + h * HS
        for (let s = 0; s <= t; s++) for (let d = 0; d < HS; d++) o[row + d]! += p[s]! * qkv[at(b, s, 2, h, d)]!
        let delta = 0
        for (let d = 0; d < HS; d++) delta += dout[row + d]! * o[row + d]!
        for (let s = 0; s <= t; s++) {
          let dp = 0
          for (let d = 0; d < HS; d++) dp += dout[row + d]! * qkv[at(b, s, 2, h, d)]!
          const ds = (p[s]! * (dp - delta)) / Math.sqrt(HS)
          for (let d = 0; d < HS; d++) {
            dqkv[at(b, t, 0, h, d)]! += ds * qkv[at(b, s, 1, h, d)]!
            dqkv[at(b, s, 1, h, d)]! += ds * qkv[at(b, t, 0, h, d)]!
            dqkv[at(b, s, 2, h, d)]! += p[s]! * dout[row + d]!
          }
        }
      }
  return { o, lse, dqkv }
}

/** T = 1, odd and prime lengths, odd head sizes, shared key heads, and each head size that has kernels of its own. */
const SHAPES: readonly Sizes[] = [
  [1, 1, 1, 1, 1],
  [2, 1, 3, 3, 5],
  [1, 13, 2, 2, 7],
  [3, 17, 1, 1, 8],
  [2, 31, 3, 3, 16],
  [1, 33, 2, 2, 32],
  [1, 19, 2, 2, 64],
  [2, 7, 4, 1, 5],
  [3, 7, 4, 2, 6],
  [1, 11, 6, 2, 10],
  [2, 7, 4, 2, 8],
  [2, 7, 4, 1, 16],
  [1, 13, 6, 2, 32],
  [1, 7, 4, 2, 64],
]

describe('attention', () => {
  for (const sizes of SHAPES) {
    const [B, T, NH, KV, HS] = sizes
    test(`B ${B} T ${T} heads ${NH} of ${HS}, ${KV} of keys`, async () => {
      const params = { B, T, NH, KV, HS }
      const width = NH * HS
      const qkv = random(B * T * (NH + 2 * KV) * HS, 5, 2)
      const dout = random(B * T * width, 6)
      const expected = reference(qkv, dout, sizes)
      const shapes = { o: new Float32Array(B * T * width), lse: new Float32Array(B * NH * T) }
      for (const variant of variantsOf('attention_forward')) {
        if (variant !== 'naive' && !variant.endsWith(`-${HS}`)) continue
        const { o, lse } = await runKernel(device(), 'attention_forward', { qkv, ...shapes }, params, variant)
        expectClose(`o ${variant}`, o!, expected.o, 1e-5)
        expectClose(`lse ${variant}`, lse!, expected.lse, 1e-5, 1)
        const delta = (
          await runKernel(device(), 'attention_backward_delta', { o: o!, dout, delta: shapes.lse }, params)
        ).delta!
        const dqkv = new Float32Array(qkv.length)
        const inputs = { qkv, dout, lse: lse!, delta, dqkv }
        const query = await runKernel(device(), 'attention_backward_query', inputs, params, variant)
        const both = await runKernel(
          device(),
          'attention_backward_key_value',
          { ...inputs, dqkv: query.dqkv! },
          params,
          variant,
        )
        // A single position attends to itself alone: its query and key gradients are zero, held against the values'.
        expectClose(`dqkv ${variant}`, both.dqkv!, expected.dqkv, 3e-5)
      }
    })
  }
})
