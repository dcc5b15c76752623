import type { Dataset, Sample } from './dataset.ts'

/** The inputs of one micro-batch as the kernels take them; R = B·T rows. */
export interface MicrobatchInputs {
  readonly tokens: Uint32Array
  readonly targets: Uint32Array
  /** Divided by the total weight of the whole global batch, so that losses of all parts add up to the mean. */
  readonly weights: Float32Array
  /** [count, token[R], start[R+1], row[R]]: rows sorted by token, for the embedding's gradient. */
  readonly segments: Uint32Array
  readonly [role: string]: Uint32Array | Float32Array
}

type When = { readonly step: number } | { readonly validation: number }

const totals = new WeakMap<Dataset, { key: string; total: number }>()

function sampleOf(dataset: Dataset, when: When, index: number): Sample {
  return 'step' in when ? dataset.sample(when.step, index) : dataset.validationSample(when.validation, index)
}

/** Loss-bearing tokens of the global batch. Throws when there is none: the mean would be undefined. */
export function totalWeight(dataset: Dataset, when: When): number {
  const key = JSON.stringify(when)
  const known = totals.get(dataset)
  if (known?.key === key) return known.total
  let total = 0
  for (let i = 0; i < dataset.global; i++) for (const weight of sampleOf(dataset, when, i).weights) total += weight
  if (total === 0)
    throw new Error(`the batch of ${JSON.stringify(when)} has no token that counts for the loss; use a longer batch.sequence`)
  totals.set(dataset, { key, total })
  return total
}

/** Rows sorted by token, stably: the order of the sums is fixed. */
export function segmentsOf(tokens: Uint32Array): Uint32Array {
  const R = tokens.length
  const rows = Array.from(tokens, (_, row) => row).sort((a, b) => tokens[a]! - tokens[b]! || a - b)
  const segments = new Uint32Array(3 * R + 2)
  let count = 0
  for (const [k, row] of rows.entries()) {
    if (k === 0 || tokens[row] !== tokens[rows[k - 1]!]) {
      segments[1 + count] = tokens[row]!
      segments[1 + R + count] = k
      count++
    }
    segments[2 + 2 * R + k] = row
  }
  segments[1 + R + count] = R
  segments[0] = count
  return segments
}

/** @param samples indices of the step's global batch; sizes `batch` are checked against the data by the caller */
export function microbatchInputs(
  dataset: Dataset,
  when: When,
  samples: readonly number[],
  { T }: { readonly B: number; readonly T: number },
): MicrobatchInputs {
  const total = totalWeight(dataset, when)
  const R = samples.length * T
  const tokens = new Uint32Array(R)
  const targets = new Uint32Array(R)
  const weights = new Float32Array(R)
  for (const [b, index] of samples.entries()) {
    const sample = sampleOf(dataset, when, index)
    tokens.set(sample.tokens, b * T)
    targets.set(sample.targets, b * T)
    for (let t = 0; t < T; t++) weights[b * T + t] = sample.weights[t]! / total
  }
  return { tokens, targets, weights, segments: segmentsOf(tokens) }
}
