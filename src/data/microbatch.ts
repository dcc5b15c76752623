import type { Dataset, BatchRef } from './dataset.ts'

/** The inputs of one micro-batch in kernel layout; R = B·T rows. */
export interface MicrobatchInputs {
  /** (B, T) */
  readonly tokens: Uint32Array
  /** (B, T) */
  readonly targets: Uint32Array
  /** (B, T), divided by the total weight of the whole global batch, so that losses of all parts add up to the mean. */
  readonly weights: Float32Array
  /** [count, token[R], start[R+1], row[R]]: rows sorted by token, for the embedding's gradient. */
  readonly segments: Uint32Array
  readonly [role: string]: Uint32Array | Float32Array
}

interface Total {
  readonly when: string
  readonly weight: number
}

/** Each dataset's total of its last batch: a rank requests it once per micro-batch. */
const totals = new WeakMap<Dataset, Total>()

/** Loss-bearing tokens of the global batch. Throws RefusedError when there is none. */
export function totalWeight(dataset: Dataset, when: BatchRef): number {
  const key = 'step' in when ? `step ${when.step}` : `validation ${when.validation}`
  const known = totals.get(dataset)
  if (known?.when === key) return known.weight
  const weight = dataset.weightOf(when)
  totals.set(dataset, { when: key, weight })
  return weight
}

/** [count, token[R], start[R+1], row[R]]: rows sorted by token, stably, so that the order of the sums is fixed. */
export function segmentsOf(tokens: Uint32Array): Uint32Array {
  const R = tokens.length
  // Token and row in one number: sorting numbers is fast and keeps the rows of a token in order.
  const keys = Float64Array.from(tokens, (token, row) => token * R + row).sort()
  const segments = new Uint32Array(3 * R + 2)
  let count = 0
  let last = -1
  for (let k = 0; k < R; k++) {
    const row = keys[k]! % R
    const token = tokens[row]!
    if (token !== last) {
      segments[1 + count] = token
      segments[1 + R + count] = k
      count++
      last = token
    }
    segments[2 + 2 * R + k] = row
  }
  segments[1 + R + count] = R
  segments[0] = count
  return segments
}

/**
 * Inputs of the micro-batch of `samples`, indices into the global batch of a step or of the held-out split; a negative
 * index leaves its rows empty.
 * @param dims T must be the data's sequence; B is the number of samples
 */
export function microbatchInputs(
  dataset: Dataset,
  when: BatchRef,
  samples: readonly number[],
  { T }: { readonly B: number; readonly T: number },
): MicrobatchInputs {
  const total = totalWeight(dataset, when)
  const R = samples.length * T
  const tokens = new Uint32Array(R)
  const targets = new Uint32Array(R)
  const weights = new Float32Array(R)
  for (const [b, index] of samples.entries()) {
    // A slot without a sample keeps weight 0.
    if (index < 0) continue
    const sample = dataset.sampleAt(when, index)
    tokens.set(sample.tokens, b * T)
    targets.set(sample.targets, b * T)
    for (let t = 0; t < T; t++) weights[b * T + t] = sample.weights[t]! / total
  }
  return { tokens, targets, weights, segments: segmentsOf(tokens) }
}
