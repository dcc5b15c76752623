/** What LLaMA computes and GPT-2 does not, in float64: plain loops over row-major arrays. */

export interface RmsNormed {
  readonly y: Float64Array
  /** x/σ, (R, C). */
  readonly unit: Float64Array
  /** 1/σ with σ = √(mean x² + ε), (R). */
  readonly inverse: Float64Array
}

/** y = x/√(mean x² + ε)·weight over the last axis, C wide (Zhang and Sennrich 2019). */
export function rmsNorm(x: Float64Array, weight: Float64Array, epsilon: number): RmsNormed {
  const C = weight.length
  const R = x.length / C
  const [y, unit, inverse] = [new Float64Array(x.length), new Float64Array(x.length), new Float64Array(R)]
  for (let r = 0; r < R; r++) {
    let square = 0
    for (let c = 0; c < C; c++) square += x[r * C + c]! ** 2 / C
    inverse[r] = 1 / Math.sqrt(square + epsilon)
    for (let c = 0; c < C; c++) {
      unit[r * C + c] = x[r * C + c]! * inverse[r]!
      y[r * C + c] = unit[r * C + c]! * weight[c]!
    }
  }
  return { y, unit, inverse }
}

/** Gives dx = (du − unit·mean(du·unit))/σ with du = dy·weight; dweight += Σ dy·unit. */
export function rmsNormBackward(
  dy: Float64Array,
  { unit, inverse }: RmsNormed,
  weight: Float64Array,
  dweight: Float64Array,
): Float64Array {
  const C = weight.length
  const dx = new Float64Array(dy.length)
  for (let r = 0; r < inverse.length; r++) {
    let along = 0
    for (let c = 0; c < C; c++) {
      const at = r * C + c
      dweight[c]! += dy[at]! * unit[at]!
      along += (dy[at]! * weight[c]! * unit[at]!) / C
    }
    for (let c = 0; c < C; c++) {
      const at = r * C + c
      dx[at] = (dy[at]! * weight[c]! - unit[at]! * along) * inverse[r]!
    }
  }
  return dx
}

/**
 * Rotary position embedding (Su et al. 2021) of x (B·T, heads·headSize): the pair (i, i + headSize/2) of each head turns by
 * position·θ^(−2i/headSize), Hugging Face's rotate_half. A gradient turns back: `direction` −1.
 */
export function rotated(
  x: Float64Array,
  { T, headSize, theta }: { readonly T: number; readonly headSize: number; readonly theta: number },
  R: number,
  direction: 1 | -1,
): Float64Array {
  const width = x.length / R
  const half = headSize / 2
  const out = new Float64Array(x.length)
  for (let r = 0; r < R; r++)
    for (let head = 0; head < width; head += headSize)
      for (let i = 0; i < half; i++) {
        const angle = direction * (r % T) * theta ** ((-2 * i) / headSize)
        const [cosine, sine] = [Math.cos(angle), Math.sin(angle)]
        const at = r * width + head + i
        out[at] = x[at]! * cosine - x[at + half]! * sine
        out[at + half] = x[at + half]! * cosine + x[at]! * sine
      }
  return out
}

function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z))
}

/** silu(gate)·up with silu(z) = z·sigmoid(z) (Shazeer 2020). */
export function swiglu(gate: Float64Array, up: Float64Array): Float64Array {
  return gate.map((z, i) => z * sigmoid(z) * up[i]!)
}

export function swigluBackward(
  dy: Float64Array,
  gate: Float64Array,
  up: Float64Array,
): { dgate: Float64Array; dup: Float64Array } {
  return {
    dgate: gate.map((z, i) => dy[i]! * up[i]! * sigmoid(z) * (1 + z * (1 - sigmoid(z)))),
    dup: gate.map((z, i) => dy[i]! * z * sigmoid(z)),
  }
}

/** Matrices of R rows each, their columns side by side. */
export function sideBySide(parts: readonly Float64Array[], R: number): Float64Array {
  const widths = parts.map((part) => part.length / R)
  const width = widths.reduce((a, b) => a + b, 0)
  const out = new Float64Array(R * width)
  let first = 0
  for (const [k, part] of parts.entries()) {
    for (let r = 0; r < R; r++) out.set(part.subarray(r * widths[k]!, (r + 1) * widths[k]!), r * width + first)
    first += widths[k]!
  }
  return out
}

/** The other way round: `count` columns from `first` on of a matrix of R rows. */
export function columnsOf(matrix: Float64Array, R: number, first: number, count: number): Float64Array {
  const width = matrix.length / R
  const out = new Float64Array(R * count)
  for (let r = 0; r < R; r++) out.set(matrix.subarray(r * width + first, r * width + first + count), r * count)
  return out
}
