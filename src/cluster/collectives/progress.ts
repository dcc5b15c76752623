/** A member's progress in chunks, which others can wait for. */
export class ChunkProgress {
  done = 0
  private readonly waiting: {
    readonly count: number
    readonly resolve: () => void
    readonly reject: (e: Error) => void
  }[] = []
  private error: Error | null = null

  /** undefined when `count` is already reached. */
  reaches(count: number): Promise<void> | undefined {
    if (this.error !== null) return Promise.reject(this.error)
    if (this.done >= count) return undefined
    return new Promise((resolve, reject) => this.waiting.push({ count, resolve, reject }))
  }

  advance(): void {
    this.done++
    for (let i = this.waiting.length - 1; i >= 0; i--) {
      const entry = this.waiting[i]
      if (entry === undefined || entry.count > this.done) continue
      this.waiting.splice(i, 1)
      entry.resolve()
    }
  }

  fail(error: Error): void {
    this.error ??= error
    for (const entry of this.waiting.splice(0)) entry.reject(this.error)
  }
}
