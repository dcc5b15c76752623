/** Causal attention in float64 with the whole matrix of probabilities in memory. */

export interface AttentionSizes {
  readonly B: number
  readonly T: number
  /** Query heads, and the key/value heads that neighbouring ones share. */
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
}

export interface Attended {
  /** (B·T, heads·headSize) */
  readonly out: Float64Array
  /** (B, heads, T, T); zero above the diagonal. */
  readonly probabilities: Float64Array
}

/** Where q, k and v of query head h begin in row r of qkv. */
function places({ heads, kvHeads, headSize }: AttentionSizes) {
  const shared = heads / kvHeads
  const row = (r: number) => r * (heads + 2 * kvHeads) * headSize
  const q = (r: number, h: number) => row(r) + h * headSize
  const k = (r: number, h: number) => row(r) + (heads + Math.floor(h / shared)) * headSize
  return { q, k, v: (r: number, h: number) => k(r, h) + kvHeads * headSize }
}

/** qkv (B·T, (heads + 2·kvHeads)·headSize): queries, keys and values side by side, each by heads. */
export function attention(qkv: Float64Array, sizes: AttentionSizes): Attended {
  const { B, T, heads, headSize } = sizes
  const at = places(sizes)
  const C = heads * headSize
  const out = new Float64Array(B * T * C)
  const probabilities = new Float64Array(B * heads * T * T)
  for (let b = 0; b < B; b++)
    for (let h = 0; h < heads; h++)
      for (let t = 0; t < T; t++) {
        const row = probabilities.subarray(((b * heads + h) * T + t) * T, ((b * heads + h) * T + t + 1) * T)
        const q = at.q(b * T + t, h)
        let highest = -Infinity
        for (let j = 0; j <= t; j++) {
          const k = at.k(b * T + j, h)
          let score = 0
          for (let d = 0; d < headSize; d++) score += qkv[q + d]! * qkv[k + d]!
          row[j] = score / Math.sqrt(headSize)
          highest = Math.max(highest, row[j]!)
        }
        let total = 0
        for (let j = 0; j <= t; j++) total += row[j] = Math.exp(row[j]! - highest)
        for (let j = 0; j <= t; j++) {
          row[j]! /= total
          const v = at.v(b * T + j, h)
          for (let d = 0; d < headSize; d++) out[(b * T + t) * C + h * headSize + d]! += row[j]! * qkv[v + d]!
        }
      }
  return { out, probabilities }
}

/** Gradient of qkv from that of the output. */
export function attentionBackward(
  dout: Float64Array,
  qkv: Float64Array,
  probabilities: Float64Array,
  sizes: AttentionSizes,
): Float64Array {
  const { B, T, heads, headSize } = sizes
  const at = places(sizes)
  const C = heads * headSize
  const dqkv = new Float64Array(qkv.length)
  const dp = new Float64Array(T)
  for (let b = 0; b < B; b++)
    for (let h = 0; h < heads; h++)
      for (let t = 0; t < T; t++) {
        const p = ((b * heads + h) * T + t) * T
        const q = at.q(b * T + t, h)
        const o = (b * T + t) * C + h * headSize
        let expected = 0
        for (let j = 0; j <= t; j++) {
          const v = at.v(b * T + j, h)
          dp[j] = 0
          for (let d = 0; d < headSize; d++) {
            dp[j]! += dout[o + d]! * qkv[v + d]!
            dqkv[v + d]! += probabilities[p + j]! * dout[o + d]!
          }
          expected += probabilities[p + j]! * dp[j]!
        }
        for (let j = 0; j <= t; j++) {
          const k = at.k(b * T + j, h)
          const ds = (probabilities[p + j]! * (dp[j]! - expected)) / Math.sqrt(headSize)
          for (let d = 0; d < headSize; d++) {
            dqkv[q + d]! += ds * qkv[k + d]!
            dqkv[k + d]! += ds * qkv[q + d]!
          }
        }
      }
  return dqkv
}
