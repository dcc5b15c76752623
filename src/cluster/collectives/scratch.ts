/** Working memory that collectives of this thread reuse instead of allocating it each time. */
export class Scratch {
  private readonly free: Float32Array<ArrayBuffer>[] = []

  /** At least `length` elements, contents arbitrary. */
  take(length: number): Float32Array<ArrayBuffer> {
    let best = -1
    for (const [i, array] of this.free.entries()) {
      if (array.length < length) continue
      if (best < 0 || array.length < (this.free[best]?.length ?? 0)) best = i
    }
    const found = best < 0 ? undefined : this.free.splice(best, 1)[0]
    return found ?? new Float32Array(length)
  }

  /** Keeps a few of the largest; the rest is garbage collected. */
  give(array: Float32Array<ArrayBuffer>): void {
    this.free.push(array)
    if (this.free.length <= 16) return
    this.free.sort((a, b) => b.length - a.length)
    this.free.length = 16
  }
}
