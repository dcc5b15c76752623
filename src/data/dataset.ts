import { Rng, shuffled } from '../core/random.ts'
import type { Tokenizer } from './tokenizers/tokenizer.ts'

/**
 * Token sequences of sequence + 1 tokens each (inputs are the first `sequence`, targets the same shifted by one) with a
 * weight per target. Plain typed arrays, in shared memory where there is any, so that every rank reads the same copy.
 */
export interface SharedDataset {
  readonly sequence: number
  readonly global: number
  readonly seed: number
  readonly order: 'shuffled' | 'sequential'
  readonly tokens: Uint32Array | Uint16Array
  /** Weight of each token as a target; null: all 1. */
  readonly weights: Uint8Array | null
  readonly validationTokens: Uint32Array
  readonly validationWeights: Uint8Array
}

export interface Sample {
  readonly tokens: Uint32Array
  readonly targets: Uint32Array
  readonly weights: Float32Array
}

/** The data of a run. A sample depends on (seed, step, index) only. */
export class Dataset {
  readonly sampleCount: number
  readonly stepsPerEpoch: number
  readonly validationSamples: number
  private epoch = -1
  private permutation: readonly number[] = []

  constructor(
    private readonly shared: SharedDataset,
    readonly tokenizer: Tokenizer,
  ) {
    const width = shared.sequence + 1
    this.sampleCount = Math.floor(shared.tokens.length / width)
    this.stepsPerEpoch = Math.max(1, Math.floor(this.sampleCount / shared.global))
    this.validationSamples = Math.floor(shared.validationTokens.length / width)
  }

  get sequence(): number {
    return this.shared.sequence
  }

  get global(): number {
    return this.shared.global
  }

  /** Whole batches of the held-out split. */
  get validationBatches(): number {
    return Math.floor(this.validationSamples / this.shared.global)
  }

  share(): SharedDataset {
    return this.shared
  }

  /** Which stored sequence sample `index` of `step` is: in file order, or by a permutation of each epoch's own. */
  private place(step: number, index: number): number {
    const position = step * this.shared.global + index
    if (this.shared.order === 'sequential') return position % this.sampleCount
    const epoch = Math.floor(position / this.sampleCount)
    if (epoch !== this.epoch) {
      this.epoch = epoch
      this.permutation = shuffled(this.sampleCount, new Rng(this.shared.seed, `epoch:${epoch}`))
    }
    return this.permutation[position % this.sampleCount]!
  }

  sample(step: number, index: number): Sample {
    return cut(this.shared.tokens, this.shared.weights, this.place(step, index), this.shared.sequence)
  }

  validationSample(batch: number, index: number): Sample {
    const { validationTokens, validationWeights, sequence, global } = this.shared
    return cut(validationTokens, validationWeights, (batch * global + index) % this.validationSamples, sequence)
  }
}

function cut(tokens: Uint32Array | Uint16Array, weights: Uint8Array | null, place: number, sequence: number): Sample {
  const start = place * (sequence + 1)
  return {
    tokens: Uint32Array.from(tokens.subarray(start, start + sequence)),
    targets: Uint32Array.from(tokens.subarray(start + 1, start + sequence + 1)),
    weights:
      weights === null
        ? new Float32Array(sequence).fill(1)
        : Float32Array.from(weights.subarray(start + 1, start + sequence + 1)),
  }
}

/** A rank only reads samples: it needs no tokenizer. */
export function openDataset(shared: SharedDataset): Dataset {
  const none = (): never => {
    throw new Error('internal: a rank has no tokenizer')
  }
  return new Dataset(shared, { kind: 'byte', vocabSize: 0, encode: none, decode: none, state: { kind: 'byte' } })
}

/** Typed arrays in shared memory when the page may have any. */
export function sharedCopy<Values extends Uint32Array | Uint8Array | Uint16Array>(values: Values): Values {
  if (typeof SharedArrayBuffer === 'undefined' || ('crossOriginIsolated' in globalThis && !globalThis.crossOriginIsolated))
    return values
  const memory = new SharedArrayBuffer(values.byteLength)
  const Kind = values.constructor as new (buffer: SharedArrayBuffer) => Values
  const copy = new Kind(memory)
  copy.set(values)
  return copy
}

