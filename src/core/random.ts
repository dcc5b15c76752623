import { hashName, philox4x32 } from './philox.ts'

/** A stream of numbers keyed by (seed, name): equal keys give equal streams, different names independent ones. */
export class Rng {
  private readonly words = new Uint32Array(4)
  private block = 0
  private left = 0
  private readonly key0: number
  private readonly key1: number

  constructor(seed: number, name: string) {
    this.key0 = seed >>> 0
    this.key1 = hashName(name)
  }

  /** 32 random bits. */
  bits(): number {
    if (this.left === 0) {
      this.words.set([this.block >>> 0, Math.floor(this.block / 2 ** 32), 1, 0])
      this.block++
      philox4x32(this.words, this.key0, this.key1)
      this.left = 4
    }
    return this.words[4 - this.left--]!
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.bits() / 2 ** 32
  }

  /** Whole number in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform() * n)
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!
  }
}

/** 0 … n − 1 in a random order (Fisher–Yates). */
export function shuffled(n: number, random: Rng): number[] {
  const order = Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}
