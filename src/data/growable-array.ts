/** A growable array of 16-bit numbers: holds millions of tokens without a plain array. */
export class GrowableUint16Array {
  private words = new Uint16Array(1 << 14)
  length = 0

  push(value: number): void {
    if (this.length === this.words.length) {
      const larger = new Uint16Array(2 * this.words.length)
      larger.set(this.words)
      this.words = larger
    }
    this.words[this.length++] = value
  }

  /** Keeps the first `length` numbers only. */
  truncate(length: number): void {
    this.length = length
  }

  take(): Uint16Array {
    return this.words.slice(0, this.length)
  }
}
