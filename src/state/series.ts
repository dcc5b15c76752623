/**
 * One number over training steps in bounded memory: when full, every second point is dropped, so that the whole curve
 * stays visible at half the resolution and four hours of training take no more space than one minute.
 */
export class Series {
  readonly #x: Float64Array
  readonly #y: Float64Array
  #length = 0
  #stride = 1
  #skipped = 0
  #version = 0

  constructor(capacity = 4096) {
    this.#x = new Float64Array(capacity)
    this.#y = new Float64Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** Incremented with every change, to tell whether to redraw. */
  get version(): number {
    return this.#version
  }

  /** x must not decrease. */
  push(x: number, y: number): void {
    this.#version++
    if (this.#skipped > 0) {
      this.#skipped--
      return
    }
    if (this.#length === this.#x.length) this.#halve()
    this.#x[this.#length] = x
    this.#y[this.#length] = y
    this.#length++
    this.#skipped = this.#stride - 1
  }

  clear(): void {
    this.#length = 0
    this.#stride = 1
    this.#skipped = 0
    this.#version++
  }

  /** The current points. */
  copy(): Series {
    const other = new Series(this.#x.length)
    other.#x.set(this.#x)
    other.#y.set(this.#y)
    other.#length = this.#length
    other.#stride = this.#stride
    other.#skipped = this.#skipped
    return other
  }

  /** Views, invalidated by the next push. */
  x(): Float64Array {
    return this.#x.subarray(0, this.#length)
  }

  y(): Float64Array {
    return this.#y.subarray(0, this.#length)
  }

  #halve(): void {
    const kept = Math.ceil(this.#length / 2)
    for (let at = 0; at < kept; at++) {
      this.#x[at] = this.#x[2 * at]!
      this.#y[at] = this.#y[2 * at]!
    }
    this.#length = kept
    this.#stride *= 2
  }
}
