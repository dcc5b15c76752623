import type { Op } from '../schedule/program.ts'

/** Where a rank may be held: between two ops or at the end of a step. Closing the gate for good ends the run. */
export class Gate {
  private mode: 'open' | 'op' | 'step' = 'open'
  private allowance = 0
  private ended = false
  private waiting: (() => void)[] = []
  onHold: (op: Op | null) => void = () => {}

  pause(at: 'op' | 'step'): void {
    this.mode = at
    this.allowance = 0
  }

  resume(): void {
    this.mode = 'open'
    this.wake()
  }

  /** Lets `ops` more ops through and holds again. */
  advance(ops: number): void {
    this.mode = 'op'
    this.allowance = ops
    this.wake()
  }

  /** Nobody passes any more; whoever waits is let go with `false`. */
  end(): void {
    this.ended = true
    this.wake()
  }

  get closed(): boolean {
    return this.ended
  }

  /** Before an op: waits while held. False: the run is over. */
  async pass(op: Op): Promise<boolean> {
    while (!this.ended && this.mode === 'op' && this.allowance === 0) await this.hold(op)
    if (this.mode === 'op' && this.allowance > 0) this.allowance--
    return !this.ended
  }

  /** Between two steps. */
  async passStep(): Promise<boolean> {
    while (!this.ended && (this.mode === 'step' || (this.mode === 'op' && this.allowance === 0))) await this.hold(null)
    return !this.ended
  }

  private async hold(op: Op | null): Promise<void> {
    const woken = new Promise<void>((resolve) => this.waiting.push(resolve))
    this.onHold(op)
    await woken
  }

  private wake(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const resolve of waiting) resolve()
  }
}
