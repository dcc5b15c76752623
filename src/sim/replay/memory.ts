import type { PeakBytes } from '../../core/bytes.ts'
import { CATEGORIES, zeroPeak } from '../../core/bytes.ts'
import { EARLIER, FIXED, OF_MICROBATCH, sequenceOf, type RankCode, type StretchCode } from './code.ts'

/**
 * Indices for the instances of all symbols, and how many stretches use each. Instances of one micro-batch are adjacent,
 * since its actions touch most of them.
 */
interface Instances {
  /** By symbol: its first instance, and the distance from one to the next. */
  readonly base: Int32Array<ArrayBuffer>
  readonly stride: Int32Array<ArrayBuffer>
  readonly uses: Int32Array<ArrayBuffer>
}

/** By code: ranks that share it have the same instances. */
const instancesOfCode = new WeakMap<RankCode, Instances>()

/** What a run of ops does to memory; it holds for every repetition that allocates and frees the same slots. */
export interface MemoryProfile {
  /** By slot first touched in the run: 1 where it is allocated there. */
  readonly allocates: Uint8Array
  /** By slot last touched in the run: 1 where it is freed there. */
  readonly frees: Uint8Array
  /** Bytes by category relative to those before the run: after it, and at its peak. */
  readonly change: Float64Array
  readonly peak: Float64Array
  /** The same for all categories together, and the lowest total. */
  readonly totalChange: number
  readonly totalPeak: number
  readonly totalLow: number
}

/**
 * A rank's memory during its step, by the rules of schedule/memory-plan.ts. A *place* is memory that buffers of one
 * size use in turn: a buffer is allocated at its first op, in the most recently freed place of its size if there is
 * one, and freed after its last. Where free memory serves any size, every buffer has a place of its own: the allocator
 * finds other memory while a stream still uses what was freed, so no op waits for a place.
 *
 * Call `enterStretch`; then for every op `allocate` before and `free` after it, or `repeat` for a run; then
 * `leaveStretch`.
 */
export class RankMemory {
  /** Live bytes by category, once the buffers of the current op are allocated. */
  readonly live = new Float64Array(CATEGORIES.length)
  cached = 0
  /** Number of places so far; it never shrinks. */
  places = 0
  /** Places of the current stretch's slots. */
  readonly placeOfSlot: Int32Array
  /** Highest live total so far, where free memory serves any size. */
  private reserved = 0
  private liveTotal = 0
  private readonly peaks = new Float64Array(CATEGORIES.length)
  private peakCached = 0
  private peakTotal = 0
  private readonly persistent: Int32Array
  /** Number of persistent places; where every instance has its own place, those follow. */
  private readonly persistentPlaces: number
  readonly servesAnySize: boolean
  private readonly freePlaces: number[][]
  private numbering: Pick<Instances, 'base' | 'stride'> = { base: new Int32Array(0), stride: new Int32Array(0) }
  private usesLeft = new Int32Array(0)
  private placeOfInstance = new Int32Array(0)
  private allocatedAt = new Int32Array(0)
  private allocations = 0
  /** By symbol: visits opened before the current stretch. */
  private readonly visitsOpened: Int32Array
  private readonly instanceOfSlot: Int32Array
  /** Slots whose instances end with the current op. */
  private readonly ending: number[] = []

  constructor(private readonly code: RankCode) {
    const { symbols, sizeClasses, prologue, epilogue, head, templates, tail } = code
    const slots = [prologue, epilogue, head, tail, ...templates].map(({ symbol }) => symbol.length)
    const most = slots.reduce((longest, each) => Math.max(longest, each), 0)
    this.placeOfSlot = new Int32Array(most)
    this.instanceOfSlot = new Int32Array(most)
    this.servesAnySize = code.folded.rank.reuse === 'any size'
    this.freePlaces = Array.from({ length: sizeClasses }, () => [])
    this.visitsOpened = new Int32Array(symbols.length)
    this.persistent = new Int32Array(symbols.length).fill(-1)
    symbols.forEach((symbol, s) => {
      if (symbol.persistent) this.persistent[s] = this.allocatePlace(s)
    })
    this.persistentPlaces = this.places
    this.updatePeaks(true)
    this.runOutsideStep(prologue)
    let instances = instancesOfCode.get(code)
    if (instances === undefined) instancesOfCode.set(code, (instances = instancesOf(code, [...sequenceOf(code)])))
    this.beginExtent(instances)
    if (this.servesAnySize) this.places = this.persistentPlaces + instances.uses.length
  }

  private allocatePlace(symbol: number): number {
    const { bytes, category, sizeClass, counted } = this.code.symbols[symbol]!
    const place = this.freePlaces[sizeClass]!.pop()
    if (counted) {
      this.live[category]! += bytes
      this.liveTotal += bytes
      if (place !== undefined) this.cached -= bytes
    }
    return place ?? this.places++
  }

  private releasePlace(symbol: number, place: number): void {
    const { bytes, category, sizeClass, counted } = this.code.symbols[symbol]!
    if (counted) {
      this.live[category]! -= bytes
      this.liveTotal -= bytes
      this.cached += bytes
    }
    if (!this.servesAnySize) this.freePlaces[sizeClass]!.push(place)
  }

  /** @param grew something was allocated since the last update */
  private updatePeaks(grew: boolean): void {
    const { liveTotal } = this
    if (grew) {
      const { peaks, live } = this
      for (let c = 0; c < live.length; c++) if (live[c]! > peaks[c]!) peaks[c] = live[c]!
    }
    if (this.servesAnySize) {
      if (liveTotal > this.reserved) this.reserved = liveTotal
      this.cached = this.reserved - liveTotal
    }
    if (this.cached > this.peakCached) this.peakCached = this.cached
    if (liveTotal + this.cached > this.peakTotal) this.peakTotal = liveTotal + this.cached
  }

  /** Prologue or epilogue: an extent of its own. */
  private runOutsideStep(stretch: StretchCode): void {
    this.beginExtent(instancesOf(this.code, [{ stretch, microbatch: 0 }]))
    this.enterStretch(stretch, 0)
    for (let i = 0; i < stretch.ops.length; i++) {
      this.allocate(stretch, i)
      this.free(stretch, i)
    }
    this.leaveStretch(stretch)
    this.endExtent()
  }

  private beginExtent({ base, stride, uses }: Instances): void {
    this.numbering = { base, stride }
    this.usesLeft = uses.slice()
    this.placeOfInstance = new Int32Array(uses.length).fill(-1)
    this.allocatedAt = new Int32Array(this.servesAnySize ? 0 : uses.length)
    this.visitsOpened.fill(0)
  }

  enterStretch({ symbol, lookup, lookupIndex, transientSlots }: StretchCode, microbatch: number): void {
    const { placeOfSlot, instanceOfSlot, placeOfInstance, numbering, visitsOpened, persistent } = this
    for (let k = 0; k < transientSlots; k++) {
      const instance = instanceOf(symbol[k]!, lookup[k]!, lookupIndex[k]!, numbering, visitsOpened, microbatch)
      instanceOfSlot[k] = instance
      placeOfSlot[k] = placeOfInstance[instance]!
    }
    for (let k = transientSlots; k < symbol.length; k++) placeOfSlot[k] = persistent[symbol[k]!]!
  }

  /** Before op `i` of the stretch: allocates the buffers that begin with it. */
  allocate({ first, symbol }: StretchCode, i: number): void {
    const { placeOfSlot } = this
    let grew = false
    for (let k = first[i]!; k < first[i + 1]!; k++) {
      if (placeOfSlot[k]! >= 0) continue
      const instance = this.instanceOfSlot[k]!
      const place = this.allocatePlace(symbol[k]!)
      this.placeOfInstance[instance] = placeOfSlot[k] = this.servesAnySize ? this.persistentPlaces + instance : place
      if (!this.servesAnySize) this.allocatedAt[instance] = this.allocations++
      grew = true
    }
    this.updatePeaks(grew)
  }

  /** After op `i`: frees the buffers that end with it, oldest first. */
  free({ last, lastSlot, symbol }: StretchCode, i: number): void {
    const { instanceOfSlot, placeOfSlot, usesLeft, allocatedAt, ending } = this
    let count = 0
    for (let k = last[i]!; k < last[i + 1]!; k++) {
      const slot = lastSlot[k]!
      if (--usesLeft[instanceOfSlot[slot]!]! > 0) continue
      let at = count++
      for (; at > 0 && allocatedAt[instanceOfSlot[ending[at - 1]!]!]! > allocatedAt[instanceOfSlot[slot]!]!; at--)
        ending[at] = ending[at - 1]!
      ending[at] = slot
    }
    for (let k = 0; k < count; k++) this.releasePlace(symbol[ending[k]!]!, placeOfSlot[ending[k]!]!)
  }

  /** What ops [from, to) of the current stretch will do. */
  profile({ first, last, lastSlot, symbol }: StretchCode, from: number, to: number): MemoryProfile {
    const { placeOfSlot, instanceOfSlot, usesLeft } = this
    const { symbols } = this.code
    const allocates = new Uint8Array(first[to]! - first[from]!)
    const frees = new Uint8Array(last[to]! - last[from]!)
    const change = new Float64Array(CATEGORIES.length)
    const peak = new Float64Array(CATEGORIES.length).fill(-Infinity)
    let totalChange = 0
    let totalPeak = -Infinity
    let totalLow = Infinity
    const add = (slot: number, sign: 1 | -1) => {
      const { bytes, category, counted } = symbols[symbol[slot]!]!
      if (!counted) return
      change[category]! += sign * bytes
      totalChange += sign * bytes
    }
    for (let i = from; i < to; i++) {
      for (let k = first[i]!; k < first[i + 1]!; k++) {
        if (placeOfSlot[k]! >= 0) continue
        allocates[k - first[from]!] = 1
        add(k, 1)
      }
      for (let c = 0; c < peak.length; c++) peak[c] = Math.max(peak[c]!, change[c]!)
      totalPeak = Math.max(totalPeak, totalChange)
      totalLow = Math.min(totalLow, totalChange)
      for (let k = last[i]!; k < last[i + 1]!; k++) {
        if (usesLeft[instanceOfSlot[lastSlot[k]!]!] !== 1) continue
        frees[k - last[from]!] = 1
        add(lastSlot[k]!, -1)
      }
    }
    return { allocates, frees, change, peak, totalChange, totalPeak, totalLow }
  }

  /** Whether ops [from, to) of the current stretch will do exactly this, without a new peak of the total. */
  matches({ first, last, lastSlot }: StretchCode, from: number, to: number, profile: MemoryProfile): boolean {
    const { placeOfSlot, instanceOfSlot, usesLeft } = this
    if (this.liveTotal + profile.totalPeak > this.reserved) return false
    const [slots, lasts] = [first[from]!, last[from]!]
    for (let k = slots; k < first[to]!; k++)
      if (placeOfSlot[k]! >= 0 === (profile.allocates[k - slots] === 1)) return false
    for (let k = lasts; k < last[to]!; k++)
      if ((usesLeft[instanceOfSlot[lastSlot[k]!]!] === 1) !== (profile.frees[k - lasts] === 1)) return false
    return true
  }

  /** Applies a matching profile to ops [from, to). */
  repeat({ first, last, lastSlot }: StretchCode, from: number, to: number, profile: MemoryProfile): void {
    const { placeOfSlot, instanceOfSlot, usesLeft, placeOfInstance, live, peaks, persistentPlaces } = this
    for (let k = first[from]!; k < first[to]!; k++) {
      if (placeOfSlot[k]! >= 0) continue
      const instance = instanceOfSlot[k]!
      placeOfInstance[instance] = placeOfSlot[k] = persistentPlaces + instance
    }
    for (let k = last[from]!; k < last[to]!; k++) usesLeft[instanceOfSlot[lastSlot[k]!]!]!--
    for (let c = 0; c < live.length; c++) {
      const highest = live[c]! + profile.peak[c]!
      if (highest > peaks[c]!) peaks[c] = highest
      live[c]! += profile.change[c]!
    }
    const mostCached = this.reserved - (this.liveTotal + profile.totalLow)
    if (mostCached > this.peakCached) this.peakCached = mostCached
    this.liveTotal += profile.totalChange
    this.cached = this.reserved - this.liveTotal
  }

  /** After the last op of a stretch: the visits opened in it count as earlier ones from here on. */
  leaveStretch({ opened }: StretchCode): void {
    for (const [s, n] of opened) this.visitsOpened[s]! += n
  }

  /** After the last op of an extent. */
  private endExtent(): void {
    if (this.cached > this.peakCached) this.peakCached = this.cached
  }

  /** The peak; to be called once the step is over. */
  finish(): PeakBytes {
    this.endExtent()
    this.runOutsideStep(this.code.epilogue)
    const peak = zeroPeak()
    CATEGORIES.forEach((category, c) => (peak[category] = this.peaks[c]!))
    return { ...peak, cached: this.peakCached, total: this.peakTotal }
  }
}

function instanceOf(
  symbol: number,
  lookup: number,
  lookupIndex: number,
  { base, stride }: Pick<Instances, 'base' | 'stride'>,
  visitsOpened: Int32Array,
  microbatch: number,
): number {
  if (lookup === OF_MICROBATCH) return base[symbol]! + microbatch * stride[symbol]!
  if (lookup === FIXED) return base[symbol]! + lookupIndex * stride[symbol]!
  return lookup === EARLIER
    ? base[symbol]! + visitsOpened[symbol]! - 1 - lookupIndex
    : base[symbol]! + visitsOpened[symbol]! + lookupIndex
}

/** Numbers the instances and counts the stretches that use each. */
function instancesOf(
  { symbols, templates }: RankCode,
  sequence: readonly { readonly stretch: StretchCode; readonly microbatch: number }[],
): Instances {
  /** By symbol: its index among those that exist per micro-batch; −1 for others. */
  const microbatchIndex = new Int32Array(symbols.length).fill(-1)
  let perMicrobatch = 0
  for (const { symbol, lookup } of templates)
    for (let k = 0; k < lookup.length; k++)
      if (lookup[k] === OF_MICROBATCH && microbatchIndex[symbol[k]!] === -1)
        microbatchIndex[symbol[k]!] = perMicrobatch++
  const count = new Int32Array(symbols.length)
  let microbatches = 0
  const visitsOpened = new Int32Array(symbols.length)
  const counted = new Set<StretchCode>()
  for (const { stretch, microbatch } of sequence) {
    microbatches = Math.max(microbatches, microbatch + 1)
    for (const [s, n] of stretch.opened) count[s] = Math.max(count[s]!, (visitsOpened[s]! += n))
    if (counted.has(stretch)) continue
    counted.add(stretch)
    const { symbol, lookup, lookupIndex, transientSlots } = stretch
    for (let k = 0; k < transientSlots; k++) {
      if (lookup[k] !== FIXED) continue
      if (microbatchIndex[symbol[k]!] === -1) count[symbol[k]!] = Math.max(count[symbol[k]!]!, lookupIndex[k]! + 1)
      else microbatches = Math.max(microbatches, lookupIndex[k]! + 1)
    }
  }
  const base = new Int32Array(symbols.length)
  const stride = new Int32Array(symbols.length)
  let next = 0
  for (let s = 0; s < symbols.length; s++) {
    if (microbatchIndex[s]! >= 0) continue
    base[s] = next
    stride[s] = 1
    next += count[s]!
  }
  for (let s = 0; s < symbols.length; s++) {
    if (microbatchIndex[s]! < 0) continue
    base[s] = next + microbatchIndex[s]!
    stride[s] = perMicrobatch
  }
  const uses = new Int32Array(next + microbatches * perMicrobatch)
  visitsOpened.fill(0)
  const numbering = { base, stride }
  for (const { stretch, microbatch } of sequence) {
    const { symbol, lookup, lookupIndex, transientSlots, opened } = stretch
    for (let k = 0; k < transientSlots; k++)
      uses[instanceOf(symbol[k]!, lookup[k]!, lookupIndex[k]!, numbering, visitsOpened, microbatch)]!++
    for (const [s, n] of opened) visitsOpened[s]! += n
  }
  return { base, stride, uses }
}
