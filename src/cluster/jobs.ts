interface Job {
  readonly run: () => Promise<void>
  readonly reject: (error: unknown) => void
}

/**
 * Requests to a run, executed between two of its steps in order of arrival. Every job settles, also when the run ends.
 */
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

  /** Takes the jobs queued now; later ones wait for the next call, so that a stream of requests cannot stall the run. */
  async run(): Promise<void> {
    for (const job of this.waiting.splice(0)) await job.run()
  }

  /** Rejects all queued and future jobs with `reason`. */
  close(reason: unknown): void {
    this.closed ??= { reason }
    for (const { reject } of this.waiting.splice(0)) reject(reason)
  }
}
