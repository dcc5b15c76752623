/**
 * What happened on a rank between two looks: exchanges that were under way, and bytes that were live while ops ran. It only
 * grows by what is new, so that looking costs nothing while every step is like the one before.
 */
export class Glance {
  private readonly underWay = new Set<number>()
  private recent = new Set<number>()
  private looked = false
  private readonly held = new Map<number, number>()
  private changed = new Map<number, number>()

  /** The rank goes on to another op: what was shown before it is over. While a rank is held, the last exchange stays. */
  moved(): void {
    if (!this.looked) return
    this.looked = false
    this.recent = new Set(this.underWay)
  }

  begins(exchange: number): void {
    this.underWay.add(exchange)
    this.recent.add(exchange)
  }

  ends(exchange: number): void {
    this.underWay.delete(exchange)
  }

  /** `bytes` are live while `op` runs. */
  holds(op: number, bytes: number): void {
    if (this.held.get(op) === bytes) return
    this.held.set(op, bytes)
    this.changed.set(op, bytes)
  }

  /** Ids of exchanges since the last look, and bytes by op where they differ from what was told before. */
  look(): { readonly exchanges: readonly number[]; readonly held: readonly (readonly [number, number])[] } {
    this.looked = true
    const held = [...this.changed]
    this.changed = new Map()
    return { exchanges: [...this.recent], held }
  }
}
