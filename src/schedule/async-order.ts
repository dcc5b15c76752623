/**
 * The order in which an asynchronous parameter server handles its workers, from a virtual clock: each worker pulls the
 * parameters, computes for its duration, and pushes. Runs repeat exactly, whatever the machine does.
 *
 * A push is applied on arrival unless that would make the parameters some other worker computes on older than
 * `maxStaleness` updates; then it waits. When all workers wait, their pushes are summed in rank order and applied as
 * one update. So maxStaleness 0 is the synchronous server, and workers − 1 or more never waits while all are equally
 * fast.
 */
export type AsyncEvent =
  /** The server sends the worker its current parameters. */
  | { readonly kind: 'pull'; readonly worker: number }
  /** The worker's gradient of part `part` of the step's global batch reaches the server. */
  | { readonly kind: 'push'; readonly worker: number; readonly part: number }
  /** The server applies the sum of the pushes of `members`. */
  | { readonly kind: 'update'; readonly members: readonly number[] }

export class AsyncOrder {
  private version = 0
  private readonly pulled: number[]
  /** When each worker will push; Infinity while it waits. */
  private readonly arrival: number[]
  private waiting: number[] = []
  private queue: AsyncEvent[]

  /** @param durations virtual time of one push of each worker, positive */
  constructor(
    private readonly durations: readonly number[],
    private readonly maxStaleness: number,
  ) {
    this.pulled = durations.map(() => 0)
    this.arrival = [...durations]
    this.queue = durations.map((_, worker) => ({ kind: 'pull', worker }))
  }

  /**
   * Events of the next step: as many pushes as there are workers, together covering one global batch. A fast worker may
   * take several parts, a slow one none. Pulls after the last update belong to the next step.
   */
  next(): AsyncEvent[] {
    const workers = this.durations.length
    const events: AsyncEvent[] = []
    let part = 0
    while (part < workers) {
      if (this.queue.length === 0) this.arrive()
      const event = this.queue.shift()
      if (event === undefined) continue
      events.push(event.kind === 'push' ? { ...event, part: part++ } : event)
    }
    if (this.queue[0]?.kind === 'update') events.push(this.queue.shift()!)
    return events
  }

  /** The next worker's push arrives; ties go to the lowest rank. */
  private arrive(): void {
    const time = Math.min(...this.arrival)
    const worker = this.arrival.indexOf(time)
    this.arrival[worker] = Infinity
    this.waiting.push(worker)
    for (;;) {
      const next = this.waiting.find((each) => this.mayApply(each))
      if (next !== undefined) this.apply([next], time)
      else if (this.waiting.length === this.durations.length)
        this.apply(
          this.waiting.toSorted((a, b) => a - b),
          time,
        )
      else return
      if (this.waiting.length === 0) return
    }
  }

  private mayApply(worker: number): boolean {
    return this.pulled.every((pulled, other) => other === worker || this.version + 1 - pulled <= this.maxStaleness)
  }

  private apply(members: readonly number[], time: number): void {
    for (const worker of members) this.queue.push({ kind: 'push', worker, part: 0 })
    this.queue.push({ kind: 'update', members })
    this.version++
    for (const worker of members) {
      this.queue.push({ kind: 'pull', worker })
      this.pulled[worker] = this.version
      this.arrival[worker] = time + this.durations[worker]!
    }
    this.waiting = this.waiting.filter((each) => !members.includes(each))
  }
}
