import type { Op } from '../schedule/program.ts'

/** Where a rank can be paused: between two ops or at the end of a step. Closing the gate for good ends the run. */
export class Gate {
  private mode: 'open' | 'op' | 'step' = 'open'
  private allowance = 0
  /** The last op that passed; null before the first of a step. */
  private last: Op | null = null
  private ended = false
  private waiting: (() => void)[] = []
  onHold: (op: Op | null) => void = () => {}

  pause(at: 'op' | 'step'): void {
    this.mode = at
    this.allowance = 0
  }

  resume(): void {
    this.mode = 'open'
    this.releaseWaiters()
  }

  /**
   * Lets more ops through, then pauses again. An earlier advance that has not run to its end is added to, so that no
   * request is lost.
   * @param ops number of ops, given the last op that passed and how many may already follow it
   */
  advance(ops: (last: Op | null, allowed: number) => number): void {
    const allowed = this.mode === 'op' ? this.allowance : 0
    this.mode = 'op'
    this.allowance = allowed + ops(this.last, allowed)
    this.releaseWaiters()
  }

  /** Closes for good: whoever waits gets `false`. */
  end(): void {
    this.ended = true
    this.releaseWaiters()
  }

  get closed(): boolean {
    return this.ended
  }

  /** Before an op: waits while paused. False: the run is over. */
  async pass(op: Op): Promise<boolean> {
    while (!this.ended && this.mode === 'op' && this.allowance === 0) await this.hold(op)
    if (this.mode === 'op' && this.allowance > 0) this.allowance--
    this.last = op
    return !this.ended
  }

  /** Between two steps. */
  async passStep(): Promise<boolean> {
    this.last = null
    while (!this.ended && (this.mode === 'step' || (this.mode === 'op' && this.allowance === 0))) await this.hold(null)
    return !this.ended
  }

  private async hold(op: Op | null): Promise<void> {
    const released = new Promise<void>((resolve) => this.waiting.push(resolve))
    this.onHold(op)
    await released
  }

  private releaseWaiters(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const resolve of waiting) resolve()
  }
}
