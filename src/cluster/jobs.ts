interface Job {
  readonly run: () => Promise<void>
  readonly reject: (error: unknown) => void
}

/** What others ask of a run between two of its steps, in the order they asked. Every job settles, also where the run ends. */
export class Jobs {
  private readonly waiting: Job[] = []
  private closed: { readonly reason: unknown } | null = null

  add<Value>(work: () => Promise<Value>): Promise<Value> {
    const { closed } = this
    if (closed) return Promise.reject(closed.reason)
    return new Promise<Value>((resolve, reject) =>
      this.waiting.push({ run: () => Promise.resolve().then(work).then(resolve, reject), reject }),
    )
  }

  get any(): boolean {
    return this.waiting.length > 0
  }

  /** Those that wait now. What is asked meanwhile is for the next time: whoever keeps asking holds nothing up. */
  async run(): Promise<void> {
    for (const job of this.waiting.splice(0)) await job.run()
  }

  /** What waits, and what comes from now on, is rejected with `reason`. */
  close(reason: unknown): void {
    this.closed ??= { reason }
    for (const { reject } of this.waiting.splice(0)) reject(reason)
  }
}
