import { refused } from '../core/errors.ts'
import { sentence } from '../core/fault.ts'
import { Rng, shuffledIndices } from '../core/random.ts'
import type { Tokenizer } from './tokenizers/tokenizer.ts'

/**
 * Sequences of sequence + 1 tokens each (inputs are the first `sequence`, targets the same shifted by one) with a
 * weight per target. Plain typed arrays, in shared memory where available, so that every rank reads the same copy.
 */
export interface SharedDataset {
  readonly sequence: number
  readonly global: number
  readonly seed: number
  readonly order: 'shuffled' | 'sequential'
  readonly tokens: Uint16Array
  /** Weight of each token as a target; null: all 1. */
  readonly weights: Uint8Array | null
  readonly validationTokens: Uint16Array
  readonly validationWeights: Uint8Array | null
}

export interface Sample {
  /** (T) */
  readonly tokens: Uint32Array
  /** (T) */
  readonly targets: Uint32Array
  /** (T) */
  readonly weights: Float32Array
}

/** A batch: of a training step, or of the held-out split. */
export type BatchRef = { readonly step: number } | { readonly validation: number }

/**
 * The data of a run. Sample `index` of step `step` depends on (seed, step, index) only. One epoch is `stepsPerEpoch`
 * steps: every sequence at most once, in an order that differs by epoch; an incomplete last batch is left out.
 */
export class Dataset {
  readonly sampleCount: number
  readonly stepsPerEpoch: number
  readonly validationSamples: number
  /** Batches of the held-out split; if it is smaller than a batch, its sequences are repeated to fill one. */
  readonly validationBatches: number
  private epoch = -1
  private permutation: Uint32Array = new Uint32Array(0)

  constructor(
    private readonly shared: SharedDataset,
    readonly tokenizer: Tokenizer,
  ) {
    const width = shared.sequence + 1
    this.sampleCount = Math.floor(shared.tokens.length / width)
    this.stepsPerEpoch = Math.max(1, Math.floor(this.sampleCount / shared.global))
    this.validationSamples = Math.floor(shared.validationTokens.length / width)
    this.validationBatches =
      this.validationSamples === 0 ? 0 : Math.max(1, Math.floor(this.validationSamples / shared.global))
  }

  get sequence(): number {
    return this.shared.sequence
  }

  get global(): number {
    return this.shared.global
  }

  share(): SharedDataset {
    return this.shared
  }

  sample(step: number, index: number): Sample {
    return this.sampleAt({ step }, index)
  }

  validationSample(batch: number, index: number): Sample {
    return this.sampleAt({ validation: batch }, index)
  }

  /** Sample `index` of a global batch. */
  sampleAt(batch: BatchRef, index: number): Sample {
    const { tokens, weights, start } = this.locate(batch, index)
    const { sequence } = this.shared
    return {
      tokens: Uint32Array.from(tokens.subarray(start, start + sequence)),
      targets: Uint32Array.from(tokens.subarray(start + 1, start + sequence + 1)),
      weights:
        weights === null
          ? new Float32Array(sequence).fill(1)
          : Float32Array.from(weights.subarray(start + 1, start + sequence + 1)),
    }
  }

  /** Loss-bearing tokens of a global batch. Refused when there are none: the mean would be undefined. */
  weightOf(batch: BatchRef): number {
    const { sequence, global } = this.shared
    let total = 0
    for (let index = 0; index < global; index++) {
      const { weights, start } = this.locate(batch, index)
      if (weights === null) total += sequence
      else for (let t = 1; t <= sequence; t++) total += weights[start + t]!
    }
    if (total === 0) {
      const data =
        'step' in batch
          ? sentence('training-step', { step: batch.step })
          : sentence('validation-batch', { batch: batch.validation })
      throw refused('batch.sequence', 'sequence-without-loss', { sequence, data })
    }
    return total
  }

  private locate(batch: BatchRef, index: number) {
    const { shared } = this
    if ('validation' in batch) {
      const place = (batch.validation * shared.global + index) % this.validationSamples
      return {
        tokens: shared.validationTokens,
        weights: shared.validationWeights,
        start: place * (shared.sequence + 1),
      }
    }
    return {
      tokens: shared.tokens,
      weights: shared.weights,
      start: this.place(batch.step, index) * (shared.sequence + 1),
    }
  }

  /** The stored sequence of sample `index` of `step`: in file order, or by a permutation per epoch. */
  private place(step: number, index: number): number {
    const { global, order, seed } = this.shared
    if (order === 'sequential') return (step * global + index) % this.sampleCount
    const epoch = Math.floor(step / this.stepsPerEpoch)
    if (epoch !== this.epoch) {
      this.permutation = shuffledIndices(this.sampleCount, new Rng(seed, 'epoch', epoch))
      this.epoch = epoch
    }
    return this.permutation[((step % this.stepsPerEpoch) * global + index) % this.sampleCount]!
  }
}

/** A rank only reads samples: it needs no tokenizer. */
export function openDataset(shared: SharedDataset): Dataset {
  const none = (): never => {
    throw new Error('internal: a rank has no tokenizer')
  }
  return new Dataset(shared, { kind: 'byte', vocabSize: 0, encode: none, decode: none, state: { kind: 'byte' } })
}

/** Whether typed arrays can be shared between threads: always in Node, in a page only when it is isolated. */
function canShare(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false
  return !('crossOriginIsolated' in globalThis) || globalThis.crossOriginIsolated
}

/** The same numbers in shared memory, where available. */
export function shareWords(values: Uint16Array): Uint16Array {
  if (!canShare()) return values
  const copy = new Uint16Array(new SharedArrayBuffer(values.byteLength))
  copy.set(values)
  return copy
}

/** The same bytes in shared memory, where available. */
export function shareBytes(values: Uint8Array): Uint8Array {
  if (!canShare()) return values
  const copy = new Uint8Array(new SharedArrayBuffer(values.byteLength))
  copy.set(values)
  return copy
}
