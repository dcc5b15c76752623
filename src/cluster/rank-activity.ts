/**
 * A rank's activity since the last report: exchanges in progress, and live bytes per op. Only changes accumulate, so
 * that reporting is free while every step is like the one before.
 */
export class RankActivity {
  private readonly ongoing = new Set<number>()
  private recent = new Set<number>()
  private reported = false
  private readonly liveBytes = new Map<number, number>()
  private changed = new Map<number, number>()

  /** The rank moves on to another op, which ends what was reported. While a rank is paused, the last exchange stays. */
  onNextOp(): void {
    if (!this.reported) return
    this.reported = false
    this.recent = new Set(this.ongoing)
  }

  exchangeBegan(exchange: number): void {
    this.ongoing.add(exchange)
    this.recent.add(exchange)
  }

  exchangeEnded(exchange: number): void {
    this.ongoing.delete(exchange)
  }

  /** `bytes` are live while `op` runs. */
  setLiveBytes(op: number, bytes: number): void {
    if (this.liveBytes.get(op) === bytes) return
    this.liveBytes.set(op, bytes)
    this.changed.set(op, bytes)
  }

  /** Ids of exchanges since the last report, and live bytes per op where they changed. */
  takeReport(): { readonly exchanges: readonly number[]; readonly held: readonly (readonly [number, number])[] } {
    this.reported = true
    const liveBytes = [...this.changed]
    this.changed = new Map()
    return { exchanges: [...this.recent], held: liveBytes }
  }
}
