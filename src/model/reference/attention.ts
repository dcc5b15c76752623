/** Causal multi-head attention in float64 with the whole matrix of probabilities in memory. */

export interface AttentionSizes {
  readonly B: number
  readonly T: number
  readonly heads: number
  readonly headSize: number
}

export interface Attended {
  /** (B·T, heads·headSize) */
  readonly out: Float64Array
  /** (B, heads, T, T); zero above the diagonal. */
  readonly probabilities: Float64Array
}

/** qkv (B·T, 3·heads·headSize): queries, keys and values side by side, each by heads. */
export function attention(qkv: Float64Array, { B, T, heads, headSize }: AttentionSizes): Attended {
  const C = heads * headSize
  const out = new Float64Array(B * T * C)
  const probabilities = new Float64Array(B * heads * T * T)
  for (let b = 0; b < B; b++)
    for (let h = 0; h < heads; h++)
      for (let t = 0; t < T; t++) {
        const row = probabilities.subarray(((b * heads + h) * T + t) * T, ((b * heads + h) * T + t + 1) * T)
        const q = (b * T + t) * 3 * C + h * headSize
        let highest = -Infinity
        for (let j = 0; j <= t; j++) {
          const k = (b * T + j) * 3 * C + C + h * headSize
          let score = 0
          for (let d = 0; d < headSize; d++) score += qkv[q + d]! * qkv[k + d]!
          row[j] = score / Math.sqrt(headSize)
          highest = Math.max(highest, row[j]!)
        }
        let total = 0
        for (let j = 0; j <= t; j++) total += row[j] = Math.exp(row[j]! - highest)
        for (let j = 0; j <= t; j++) {
          row[j]! /= total
          const v = (b * T + j) * 3 * C + 2 * C + h * headSize
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
  { B, T, heads, headSize }: AttentionSizes,
): Float64Array {
  const C = heads * headSize
  const dqkv = new Float64Array(qkv.length)
  const dp = new Float64Array(T)
  for (let b = 0; b < B; b++)
    for (let h = 0; h < heads; h++)
      for (let t = 0; t < T; t++) {
        const p = ((b * heads + h) * T + t) * T
        const q = (b * T + t) * 3 * C + h * headSize
        const o = (b * T + t) * C + h * headSize
        let expected = 0
        for (let j = 0; j <= t; j++) {
          const v = (b * T + j) * 3 * C + 2 * C + h * headSize
          dp[j] = 0
          for (let d = 0; d < headSize; d++) {
            dp[j]! += dout[o + d]! * qkv[v + d]!
            dqkv[v + d]! += probabilities[p + j]! * dout[o + d]!
          }
          expected += probabilities[p + j]! * dp[j]!
        }
        for (let j = 0; j <= t; j++) {
          const k = (b * T + j) * 3 * C + C + h * headSize
          const ds = (probabilities[p + j]! * (dp[j]! - expected)) / Math.sqrt(headSize)
          for (let d = 0; d < headSize; d++) {
            dqkv[q + d]! += ds * qkv[k + d]!
            dqkv[k + d]! += ds * qkv[q + d]!
          }
        }
      }
  return dqkv
}
