import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parameterTable } from '../../src/model/parameters.ts'
import type { ReferenceBatch } from '../reference/batch.ts'
import { NORM_EPSILON, ROPE_THETA } from '../../src/model/shape.ts'
import type { ModelShape } from '../../src/model/shape.ts'

/** What make_golden.py stores; tensors are base64 of little-endian float32. */
interface Stored {
  readonly shape: Pick<ModelShape, 'layers' | 'heads' | 'embed' | 'ffn' | 'context' | 'vocab'> &
    Partial<ModelShape> & { readonly T: number; readonly B: number }
  readonly steps: readonly { loss: number; gradNorm: number }[]
  readonly logits: string
  readonly gradients: Readonly<Record<string, string>>
}

export interface Golden {
  readonly shape: ModelShape
  readonly init: Map<string, Float32Array>
  /** (B, T + 1): inputs and, shifted by one, targets. */
  readonly rows: Uint16Array
  readonly batch: ReferenceBatch
  readonly steps: readonly { loss: number; gradNorm: number }[]
  readonly logits: Float32Array
  readonly gradients: Map<string, Float32Array>
}

/** The optimizer of the goldens. */
export const GOLDEN_OPTIMIZER = {
  kind: 'adamw',
  learningRate: 1e-3,
  betas: [0.9, 0.95],
  epsilon: 1e-8,
  weightDecay: 0.1,
  gradClip: 1,
} as const

/** Mixed 32-bit integers, as in make_golden.py. */
function mix(i: number, k: number): number {
  let x = (Math.imul(i + 1, 2654435761) + Math.imul(k + 1, 374761393)) >>> 0
  x = (x ^ (x >>> 15)) >>> 0
  x = Math.imul(x, 2246822519) >>> 0
  x = (x ^ (x >>> 13)) >>> 0
  x = Math.imul(x, 3266489917) >>> 0
  return (x ^ (x >>> 16)) >>> 0
}

/** Dense weights, norms around 1 and biases around 0 that differ everywhere, so that a swapped tensor shows. */
export function formulaWeights(shape: ModelShape): Map<string, Float32Array> {
  return new Map(
    parameterTable(shape).map(({ name, shape: dims }, k) => {
      const length = dims.reduce((a, b) => a * b, 1)
      const values = Float32Array.from({ length }, (_, i) => {
        const u = mix(i, k) / 2 ** 31 - 1
        if (dims.length === 2) return 0.15 * u
        return name.endsWith('weight') ? 1 + 0.1 * u : 0.05 * u
      })
      return [name, values]
    }),
  )
}

/** `B` rows of `T + 1` tokens as inputs, targets and equal weights. */
export function formulaBatch(B: number, T: number, vocab: number): { rows: Uint16Array; batch: ReferenceBatch } {
  const rows = Uint16Array.from({ length: B * (T + 1) }, (_, i) => mix(i, 977) % vocab)
  const at = (shift: number) => Uint32Array.from({ length: B * T }, (_, r) => rows[Math.floor(r / T) * (T + 1) + (r % T) + shift]!)
  return { rows, batch: { B, T, tokens: at(0), targets: at(1), weights: new Float64Array(B * T).fill(1 / (B * T)) } }
}

function unpack(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64')
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

export function readGolden(name: 'even' | 'odd', family: ModelShape['family'] = 'gpt2'): Golden {
  const stored: Stored = JSON.parse(readFileSync(join(import.meta.dirname, `${family}-${name}.json`), 'utf8'))
  const { T, B, ...sizes } = stored.shape
  const gpt2 = {
    kvHeads: sizes.heads,
    headSize: sizes.embed / sizes.heads,
    tied: true,
    ropeTheta: ROPE_THETA,
    normEpsilon: NORM_EPSILON,
  }
  const shape: ModelShape = { family, ...gpt2, ...sizes }
  return {
    shape,
    init: formulaWeights(shape),
    ...formulaBatch(B, T, sizes.vocab),
    steps: stored.steps,
    logits: unpack(stored.logits),
    gradients: new Map(Object.entries(stored.gradients).map(([tensor, packed]) => [tensor, unpack(packed)])),
  }
}
