/** Float64 operations of the reference model: plain loops over row-major arrays; R rows, I inputs, O outputs. */

/** y = x·w + b: x (R, I), w (I, O), b (O) → y (R, O). */
export function linear(x: Float64Array, w: Float64Array, b: Float64Array, R: number): Float64Array {
  const O = b.length
  const I = w.length / O
  const y = new Float64Array(R * O)
  for (let r = 0; r < R; r++) {
    for (let o = 0; o < O; o++) y[r * O + o] = b[o]!
    for (let i = 0; i < I; i++) {
      const value = x[r * I + i]!
      for (let o = 0; o < O; o++) y[r * O + o]! += value * w[i * O + o]!
    }
  }
  return y
}

/** Gives dx = dy·wᵀ; dw += xᵀ·dy, db += Σ dy over rows. */
export function linearBackward(
  dy: Float64Array,
  x: Float64Array,
  w: Float64Array,
  dw: Float64Array,
  db: Float64Array,
  R: number,
): Float64Array {
  const O = db.length
  const I = w.length / O
  const dx = new Float64Array(R * I)
  for (let r = 0; r < R; r++) {
    for (let o = 0; o < O; o++) db[o]! += dy[r * O + o]!
    for (let i = 0; i < I; i++) {
      const value = x[r * I + i]!
      let sum = 0
      for (let o = 0; o < O; o++) {
        const d = dy[r * O + o]!
        sum += d * w[i * O + o]!
        dw[i * O + o]! += value * d
      }
      dx[r * I + i] = sum
    }
  }
  return dx
}

/** y = x·wᵀ: x (R, I), w (O, I) → y (R, O). */
export function linearTransposed(x: Float64Array, w: Float64Array, R: number): Float64Array {
  const I = x.length / R
  const O = w.length / I
  const y = new Float64Array(R * O)
  for (let r = 0; r < R; r++)
    for (let o = 0; o < O; o++) for (let i = 0; i < I; i++) y[r * O + o]! += x[r * I + i]! * w[o * I + i]!
  return y
}

/** Gives dx = dy·w; dw += dyᵀ·x. */
export function linearTransposedBackward(
  dy: Float64Array,
  x: Float64Array,
  w: Float64Array,
  dw: Float64Array,
  R: number,
): Float64Array {
  const I = x.length / R
  const O = w.length / I
  const dx = new Float64Array(R * I)
  for (let r = 0; r < R; r++)
    for (let o = 0; o < O; o++) {
      const d = dy[r * O + o]!
      for (let i = 0; i < I; i++) {
        dx[r * I + i]! += d * w[o * I + i]!
        dw[o * I + i]! += d * x[r * I + i]!
      }
    }
  return dx
}

export function added(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((v, i) => v + b[i]!)
}

export interface Normed {
  readonly y: Float64Array
  /** (x − mean)/σ, (R, C). */
  readonly unit: Float64Array
  /** 1/σ, (R). */
  readonly inverse: Float64Array
}

/** y = (x − mean)/√(variance + ε)·weight + bias over the last axis, C wide. */
export function layerNorm(x: Float64Array, weight: Float64Array, bias: Float64Array, epsilon: number): Normed {
  const C = weight.length
  const R = x.length / C
  const [y, unit, inverse] = [new Float64Array(x.length), new Float64Array(x.length), new Float64Array(R)]
  for (let r = 0; r < R; r++) {
    let mean = 0
    for (let c = 0; c < C; c++) mean += x[r * C + c]! / C
    let variance = 0
    for (let c = 0; c < C; c++) variance += (x[r * C + c]! - mean) ** 2 / C
    inverse[r] = 1 / Math.sqrt(variance + epsilon)
    for (let c = 0; c < C; c++) {
      unit[r * C + c] = (x[r * C + c]! - mean) * inverse[r]!
      y[r * C + c] = unit[r * C + c]! * weight[c]! + bias[c]!
    }
  }
  return { y, unit, inverse }
}

/** Gives dx = (du − mean(du) − unit·mean(du·unit))/σ with du = dy·weight; dweight += Σ dy·unit, dbias += Σ dy. */
export function layerNormBackward(
  dy: Float64Array,
  { unit, inverse }: Normed,
  weight: Float64Array,
  dweight: Float64Array,
  dbias: Float64Array,
): Float64Array {
  const C = weight.length
  const dx = new Float64Array(dy.length)
  for (let r = 0; r < inverse.length; r++) {
    let [mean, along] = [0, 0]
    for (let c = 0; c < C; c++) {
      const at = r * C + c
      dweight[c]! += dy[at]! * unit[at]!
      dbias[c]! += dy[at]!
      mean += (dy[at]! * weight[c]!) / C
      along += (dy[at]! * weight[c]! * unit[at]!) / C
    }
    for (let c = 0; c < C; c++) {
      const at = r * C + c
      dx[at] = (dy[at]! * weight[c]! - mean - unit[at]! * along) * inverse[r]!
    }
  }
  return dx
}

const GELU_SCALE = Math.sqrt(2 / Math.PI)

/** ½x(1 + tanh(√(2/π)(x + 0.044715x³))) (Hendrycks and Gimpel 2016, the form of GPT-2). */
export function gelu(x: Float64Array): Float64Array {
  return x.map((v) => 0.5 * v * (1 + Math.tanh(GELU_SCALE * (v + 0.044715 * v ** 3))))
}

export function geluBackward(dy: Float64Array, x: Float64Array): Float64Array {
  return x.map((v, i) => {
    const t = Math.tanh(GELU_SCALE * (v + 0.044715 * v ** 3))
    return dy[i]! * (0.5 * (1 + t) + 0.5 * v * (1 - t * t) * GELU_SCALE * (1 + 3 * 0.044715 * v * v))
  })
}
