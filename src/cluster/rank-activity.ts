/**
 * What happened on a rank between two looks: exchanges that were under way, and bytes that were live while ops ran. It only
 * grows by what is new, so that looking costs nothing while every step is like the one before.
 */
export class RankActivity {
  private readonly ongoing = new Set<number>()
  private recent = new Set<number>()
  private reported = false
  private readonly liveBytes = new Map<number, number>()
  private changed = new Map<number, number>()

  /** The rank goes on to another op: what was shown before it is over. While a rank is held, the last exchange stays. */
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

  /** Ids of exchanges since the last look, and bytes by op where they differ from what was told before. */
  takeReport(): { readonly exchanges: readonly number[]; readonly held: readonly (readonly [number, number])[] } {
    this.reported = true
    const liveBytes = [...this.changed]
    this.changed = new Map()
    return { exchanges: [...this.recent], held: liveBytes }
  }
}
