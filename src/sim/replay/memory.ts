import type { PeakBytes } from '../../core/bytes.ts'
import { CATEGORIES, zeroPeak } from '../../core/bytes.ts'
import { EARLIER, FIXED, OF_MICROBATCH, type RankCode, type StretchCode } from './code.ts'

/** What is live after the buffers of an op have been taken. */
export interface LiveBytes {
  readonly live: Float64Array
  readonly cached: number
}

/**
 * A rank's memory while its ops go by, by the rules of schedule/memory-plan.ts: a buffer takes a place at its first op, a
 * free one of exactly its size where there is one (the last that became free), and gives it back after its last.
 */
export class RankMemory {
  /** By category. */
  readonly live = new Float64Array(CATEGORIES.length)
  cached = 0
  /** Most bytes live at once so far, where free memory serves any size. */
  private reserved = 0
  /** Places taken so far; a place is never given up. */
  places = 0
  readonly peak = zeroPeak()
  private readonly persistent: Int32Array
  private readonly servesAnySize: boolean
  private readonly free: number[][]
  /** Instances of all symbols, one symbol behind the other. */
  private base = new Int32Array(0)
  private left = new Int32Array(0)
  private place = new Int32Array(0)
  private since = new Int32Array(0)
  private clock = 0
  /** By symbol, the visits that began before the stretch at hand. */
  private readonly begun: Int32Array
  /** Instances of the accesses of the op at hand, and their places. */
  private readonly instances: number[] = []
  readonly placesOfOp: number[] = []

  constructor(private readonly code: RankCode) {
    const { symbols, sizeClasses } = code
    this.servesAnySize = code.folded.rank.reuse === 'any size'
    this.free = Array.from({ length: sizeClasses }, () => [])
    this.begun = new Int32Array(symbols.length)
    this.persistent = new Int32Array(symbols.length).fill(-1)
    symbols.forEach((symbol, s) => {
      if (symbol.persistent) this.persistent[s] = this.take(s)
    })
    this.note()
    this.alone(code.prologue)
  }

  private take(symbol: number): number {
    const { bytes, category, sizeClass, counts } = this.code.symbols[symbol]!
    const place = this.free[sizeClass]!.pop()
    if (counts) {
      this.live[category]! += bytes
      if (place !== undefined) this.cached -= bytes
    }
    return place ?? this.places++
  }

  private give(symbol: number, place: number): void {
    const { bytes, category, sizeClass, counts } = this.code.symbols[symbol]!
    if (counts) {
      this.live[category]! -= bytes
      this.cached += bytes
    }
    this.free[sizeClass]!.push(place)
  }

  private note(): void {
    const { peak, live } = this
    let sum = 0
    for (let c = 0; c < live.length; c++) {
      const bytes = live[c]!
      sum += bytes
      if (bytes > peak[CATEGORIES[c]!]) peak[CATEGORIES[c]!] = bytes
    }
    if (this.servesAnySize) {
      this.reserved = Math.max(this.reserved, sum)
      this.cached = this.reserved - sum
    }
    const { cached } = this
    const total = sum + cached
    if (cached > peak.cached) peak.cached = cached
    if (total > peak.total) peak.total = total
  }

  /** Ops outside the step: an extent of their own. */
  private alone(stretch: StretchCode): void {
    this.begin([{ stretch, microbatch: 0 }])
    for (let i = 0; i < stretch.ops.length; i++) {
      this.enter(stretch, i, 0)
      this.leave(stretch, i)
    }
    this.leaveStretch(stretch)
    this.end()
  }

  /** Counts how often every instance is touched by the stretches that follow. */
  begin(sequence: Iterable<{ readonly stretch: StretchCode; readonly microbatch: number }>): void {
    const { symbols } = this.code
    const count = new Int32Array(symbols.length)
    const begun = new Int32Array(symbols.length)
    const list = [...sequence]
    const highest = (symbol: number, instance: number) => {
      if (instance >= count[symbol]!) count[symbol] = instance + 1
    }
    for (const { stretch, microbatch } of list) {
      const { symbol, how, which, opened } = stretch
      for (let a = 0; a < symbol.length; a++)
        if (how[a] === FIXED) highest(symbol[a]!, which[a]!)
        else if (how[a] === OF_MICROBATCH) highest(symbol[a]!, microbatch)
      for (const [s, n] of opened) highest(s, (begun[s]! += n) - 1)
    }
    this.base = new Int32Array(symbols.length + 1)
    for (let s = 0; s < symbols.length; s++) this.base[s + 1] = this.base[s]! + count[s]!
    const total = this.base[symbols.length]!
    this.left = new Int32Array(total)
    this.place = new Int32Array(total).fill(-1)
    this.since = new Int32Array(total)
    this.begun.fill(0)
    for (const { stretch, microbatch } of list) {
      for (let a = 0; a < stretch.symbol.length; a++) this.left[this.instanceOf(stretch, a, microbatch)]!++
      this.leaveStretch(stretch)
    }
    this.begun.fill(0)
  }

  private instanceOf({ symbol, how, which }: StretchCode, access: number, microbatch: number): number {
    const s = symbol[access]!
    const base = this.base[s]!
    switch (how[access]) {
      case FIXED:
        return base + which[access]!
      case OF_MICROBATCH:
        return base + microbatch
      case EARLIER:
        return base + this.begun[s]! - 1 - which[access]!
      default:
        return base + this.begun[s]! + which[access]!
    }
  }

  /** Before op `i` of a stretch: takes what begins with it; `placesOfOp` are the places of its accesses. */
  enter(stretch: StretchCode, i: number, microbatch: number): void {
    const { offsets, symbol } = stretch
    const { instances, placesOfOp, persistent, place } = this
    instances.length = placesOfOp.length = 0
    for (let a = offsets[i]!; a < offsets[i + 1]!; a++) {
      const s = symbol[a]!
      const own = persistent[s]!
      if (own >= 0) {
        instances.push(-1)
        placesOfOp.push(own)
        continue
      }
      const instance = this.instanceOf(stretch, a, microbatch)
      if (place[instance] === -1) {
        place[instance] = this.take(s)
        this.since[instance] = this.clock++
      }
      instances.push(instance)
      placesOfOp.push(place[instance]!)
    }
    this.note()
  }

  /** After the op that was entered: gives back what ends with it, oldest first. */
  leave({ offsets, symbol }: StretchCode, i: number): void {
    const from = offsets[i]!
    let ended: number[] | null = null
    for (let k = 0; k < this.instances.length; k++) {
      const instance = this.instances[k]!
      if (instance < 0 || --this.left[instance]! > 0) continue
      if (ended === null) ended = [k]
      else ended.push(k)
    }
    if (ended === null) return
    if (ended.length > 1) ended.sort((x, y) => this.since[this.instances[x]!]! - this.since[this.instances[y]!]!)
    for (const k of ended) this.give(symbol[from + k]!, this.place[this.instances[k]!]!)
  }

  /** After the last op of a stretch: visits that began in it are earlier ones from now on. */
  leaveStretch({ opened }: StretchCode): void {
    for (const [s, n] of opened) this.begun[s]! += n
  }

  /** After the last op of an extent. */
  end(): void {
    if (this.cached > this.peak.cached) this.peak.cached = this.cached
  }

  /** The peak once the step is over. */
  finish(): PeakBytes {
    this.end()
    this.alone(this.code.epilogue)
    return this.peak
  }
}
