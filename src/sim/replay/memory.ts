import type { PeakBytes } from '../../core/bytes.ts'
import { CATEGORIES, zeroPeak } from '../../core/bytes.ts'
import { EARLIER, FIXED, OF_MICROBATCH, sequenceOf, type RankCode, type StretchCode } from './code.ts'

/** Instances of all symbols, one symbol behind the other, and by how many stretches each is touched. */
interface Instances {
  /** By symbol, its first instance. */
  readonly base: Int32Array<ArrayBuffer>
  readonly stretches: Int32Array<ArrayBuffer>
}

/** Of the step of a code: ranks that share it go through the same instances. */
const instancesOfCode = new WeakMap<RankCode, Instances>()

/**
 * A rank's memory while its ops go by, by the rules of schedule/memory-plan.ts: a buffer takes a place at its first op, a
 * free one of exactly its size where there is one (the last that became free), and gives it back after its last.
 *
 * `enterStretch`, then for every op `take` before and `give` after it, then `leaveStretch`.
 */
export class RankMemory {
  /** By category, what is live after the buffers of an op have been taken. */
  readonly live = new Float64Array(CATEGORIES.length)
  cached = 0
  /** Places taken so far; a place is never given up. */
  places = 0
  /**
   * Places that the op at hand took of those given back before, where that is no reason to wait: an allocator whose free memory
   * serves any size has other memory while a stream still works on what was freed.
   */
  readonly fresh: number[] = []
  /** Places of the slots of the stretch at hand. */
  readonly placeOfSlot: Int32Array
  /** Most bytes live at once so far, where free memory serves any size. */
  private reserved = 0
  private sum = 0
  private readonly peaks = new Float64Array(CATEGORIES.length)
  private peakCached = 0
  private peakTotal = 0
  private readonly persistent: Int32Array
  private readonly servesAnySize: boolean
  private readonly free: number[][]
  private base = new Int32Array(0)
  private left = new Int32Array(0)
  private place = new Int32Array(0)
  private since = new Int32Array(0)
  private clock = 0
  /** By symbol, the visits that began before the stretch at hand. */
  private readonly begun: Int32Array
  private readonly instanceOfSlot: Int32Array
  /** Instances that end with the op at hand. */
  private readonly ended: number[] = []

  constructor(private readonly code: RankCode) {
    const { symbols, sizeClasses, prologue, epilogue, head, templates, tail } = code
    const slots = [prologue, epilogue, head, tail, ...templates].map(({ symbol }) => symbol.length)
    const most = slots.reduce((longest, each) => Math.max(longest, each), 0)
    this.placeOfSlot = new Int32Array(most)
    this.instanceOfSlot = new Int32Array(most)
    this.servesAnySize = code.folded.rank.reuse === 'any size'
    this.free = Array.from({ length: sizeClasses }, () => [])
    this.begun = new Int32Array(symbols.length)
    this.persistent = new Int32Array(symbols.length).fill(-1)
    symbols.forEach((symbol, s) => {
      if (symbol.persistent) this.persistent[s] = this.takePlace(s)
    })
    this.note(true)
    this.alone(prologue)
    let instances = instancesOfCode.get(code)
    if (instances === undefined) instancesOfCode.set(code, (instances = instancesOf(code, [...sequenceOf(code)])))
    this.begin(instances)
  }

  private takePlace(symbol: number): number {
    const { bytes, category, sizeClass, counts } = this.code.symbols[symbol]!
    const place = this.free[sizeClass]!.pop()
    if (place !== undefined && this.servesAnySize) this.fresh.push(place)
    if (counts) {
      this.live[category]! += bytes
      this.sum += bytes
      if (place !== undefined) this.cached -= bytes
    }
    return place ?? this.places++
  }

  private givePlace(symbol: number, place: number, isBusy: boolean): void {
    const { bytes, category, sizeClass, counts } = this.code.symbols[symbol]!
    if (counts) {
      this.live[category]! -= bytes
      this.sum -= bytes
      this.cached += bytes
    }
    if (!isBusy) this.free[sizeClass]!.push(place)
  }

  /** @param grew something was taken since the last note */
  private note(grew: boolean): void {
    const { sum } = this
    if (grew) {
      const { peaks, live } = this
      for (let c = 0; c < live.length; c++) if (live[c]! > peaks[c]!) peaks[c] = live[c]!
    }
    if (this.servesAnySize) {
      if (sum > this.reserved) this.reserved = sum
      this.cached = this.reserved - sum
    }
    if (this.cached > this.peakCached) this.peakCached = this.cached
    if (sum + this.cached > this.peakTotal) this.peakTotal = sum + this.cached
  }

  /** Ops outside the step: an extent of their own. */
  private alone(stretch: StretchCode): void {
    this.begin(instancesOf(this.code, [{ stretch, microbatch: 0 }]))
    this.enterStretch(stretch, 0)
    for (let i = 0; i < stretch.ops.length; i++) {
      this.take(stretch, i)
      this.give(stretch, i, false)
    }
    this.leaveStretch(stretch)
    this.end()
  }

  private begin({ base, stretches }: Instances): void {
    this.base = base
    this.left = stretches.slice()
    this.place = new Int32Array(stretches.length).fill(-1)
    this.since = new Int32Array(stretches.length)
    this.begun.fill(0)
  }

  enterStretch({ symbol, how, which, passing }: StretchCode, microbatch: number): void {
    const { placeOfSlot, instanceOfSlot, place, base, begun, persistent } = this
    for (let k = 0; k < passing; k++) {
      const instance = instanceOf(symbol[k]!, how[k]!, which[k]!, base, begun, microbatch)
      instanceOfSlot[k] = instance
      placeOfSlot[k] = place[instance]!
    }
    for (let k = passing; k < symbol.length; k++) placeOfSlot[k] = persistent[symbol[k]!]!
  }

  /** Before op `i` of the stretch: takes what begins with it. */
  take({ first, symbol }: StretchCode, i: number): void {
    const { placeOfSlot } = this
    let grew = false
    this.fresh.length = 0
    for (let k = first[i]!; k < first[i + 1]!; k++) {
      if (placeOfSlot[k]! >= 0) continue
      const instance = this.instanceOfSlot[k]!
      this.place[instance] = placeOfSlot[k] = this.takePlace(symbol[k]!)
      this.since[instance] = this.clock++
      grew = true
    }
    this.note(grew)
  }

  /** After op `i`: gives back what ends with it, oldest first. `isPending`: it is not known yet when the op ends. */
  give({ last, lastSlot, symbol }: StretchCode, i: number, isPending: boolean): void {
    const isBusy = isPending && this.servesAnySize
    const { instanceOfSlot, placeOfSlot, left, since, ended } = this
    let count = 0
    for (let k = last[i]!; k < last[i + 1]!; k++) {
      const slot = lastSlot[k]!
      if (--left[instanceOfSlot[slot]!]! > 0) continue
      let at = count++
      for (; at > 0 && since[instanceOfSlot[ended[at - 1]!]!]! > since[instanceOfSlot[slot]!]!; at--)
        ended[at] = ended[at - 1]!
      ended[at] = slot
    }
    for (let k = 0; k < count; k++) this.givePlace(symbol[ended[k]!]!, placeOfSlot[ended[k]!]!, isBusy)
  }

  /** After the last op of a stretch: visits that began in it are earlier ones from now on. */
  leaveStretch({ opened }: StretchCode): void {
    for (const [s, n] of opened) this.begun[s]! += n
  }

  /** After the last op of an extent. */
  private end(): void {
    if (this.cached > this.peakCached) this.peakCached = this.cached
  }

  /** The peak once the step is over. */
  finish(): PeakBytes {
    this.end()
    this.alone(this.code.epilogue)
    const peak = zeroPeak()
    CATEGORIES.forEach((category, c) => (peak[category] = this.peaks[c]!))
    return { ...peak, cached: this.peakCached, total: this.peakTotal }
  }
}

function instanceOf(
  symbol: number,
  how: number,
  which: number,
  base: Int32Array,
  begun: Int32Array,
  microbatch: number,
): number {
  if (how === FIXED) return base[symbol]! + which
  if (how === OF_MICROBATCH) return base[symbol]! + microbatch
  return how === EARLIER ? base[symbol]! + begun[symbol]! - 1 - which : base[symbol]! + begun[symbol]! + which
}

/** Counts by how many of the stretches every instance is touched. */
function instancesOf(
  { symbols }: RankCode,
  sequence: readonly { readonly stretch: StretchCode; readonly microbatch: number }[],
): Instances {
  const count = new Int32Array(symbols.length)
  const begun = new Int32Array(symbols.length)
  for (const { stretch, microbatch } of sequence) {
    const { symbol, how, which, passing, opened } = stretch
    for (let k = 0; k < passing; k++) {
      const instance = how[k] === FIXED ? which[k]! : how[k] === OF_MICROBATCH ? microbatch : -1
      if (instance >= count[symbol[k]!]!) count[symbol[k]!] = instance + 1
    }
    for (const [s, n] of opened) count[s] = Math.max(count[s]!, (begun[s]! += n))
  }
  const base = new Int32Array(symbols.length + 1)
  for (let s = 0; s < symbols.length; s++) base[s + 1] = base[s]! + count[s]!
  const stretches = new Int32Array(base[symbols.length]!)
  begun.fill(0)
  for (const { stretch, microbatch } of sequence) {
    const { symbol, how, which, passing, opened } = stretch
    for (let k = 0; k < passing; k++) stretches[instanceOf(symbol[k]!, how[k]!, which[k]!, base, begun, microbatch)]!++
    for (const [s, n] of opened) begun[s]! += n
  }
  return { base, stretches }
}
