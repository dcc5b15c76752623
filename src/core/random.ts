import { keyOf, philox4x32 } from './philox.ts'

/**
 * A stream of random numbers keyed by (seed, name, stream): equal keys give equal numbers, different ones independent
 * numbers. `stream` separates many streams of one name, such as documents or samples.
 */
export class Rng {
  private readonly words = new Uint32Array(4)
  private block = 0
  private left = 0
  private readonly key0: number
  private readonly key1: number

  constructor(
    seed: number,
    name: string,
    private readonly stream = 0,
  ) {
    const [key0, key1] = keyOf(seed, name)
    this.key0 = key0
    this.key1 = key1
  }

  /** 32 random bits. */
  bits(): number {
    if (this.left === 0) {
      this.words[0] = this.block
      this.words[1] = this.block / 2 ** 32
      // Distinct from the blocks of philoxNormal and philoxUniform, which have 0 here.
      this.words[2] = 1
      this.words[3] = this.stream
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

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!
  }
}

/** 0 … n − 1 in a random order (Fisher–Yates). */
export function shuffled(n: number, random: Rng): number[] {
  return [...shuffledIndices(n, random)]
}

/** The same as typed array, for long orders. */
export function shuffledIndices(n: number, random: Rng): Uint32Array {
  const order = new Uint32Array(n)
  for (let i = 0; i < n; i++) order[i] = i
  for (let i = n - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const held = order[i]!
    order[i] = order[j]!
    order[j] = held
  }
  return order
}
