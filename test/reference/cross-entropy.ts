/** loss = Σ weight·(−log softmax at the target), dlogits = weight·(softmax − one-hot of the target). */
export function crossEntropy(
  logits: Float64Array,
  targets: ArrayLike<number>,
  weights: ArrayLike<number>,
  R: number,
  V: number,
): { loss: number; dlogits: Float64Array } {
  const dlogits = new Float64Array(R * V)
  let loss = 0
  for (let r = 0; r < R; r++) {
    const row = logits.subarray(r * V, (r + 1) * V)
    const highest = row.reduce((a, b) => Math.max(a, b), -Infinity)
    const total = row.reduce((sum, each) => sum + Math.exp(each - highest), 0)
    loss += weights[r]! * (highest + Math.log(total) - row[targets[r]!]!)
    for (let v = 0; v < V; v++) {
      const probability = Math.exp(row[v]! - highest) / total
      dlogits[r * V + v] = weights[r]! * (probability - (v === targets[r] ? 1 : 0))
    }
  }
  return { loss, dlogits }
}
