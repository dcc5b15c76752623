import type { PeakBytes } from '../../core/bytes.ts'
import { CATEGORIES, zeroPeak } from '../../core/bytes.ts'
import { EARLIER, FIXED, OF_MICROBATCH, sequenceOf, type RankCode, type StretchCode } from './code.ts'

/**
 * Numbers for the instances of all symbols, and by how many stretches each is touched. Those of one micro-batch stand together,
 * since its actions touch most of them.
 */
interface Instances {
  /** By symbol, its first instance, and how far the next is from it. */
  readonly base: Int32Array<ArrayBuffer>
  readonly stride: Int32Array<ArrayBuffer>
  readonly stretches: Int32Array<ArrayBuffer>
}

/** Of the step of a code: ranks that share it go through the same instances. */
const instancesOfCode = new WeakMap<RankCode, Instances>()

/** What a run of ops does to memory: its last repetition's, wherever the same slots begin and end again. */
export interface MemoryForm {
  /** 1 for the slots, of those first touched in the run, that begin there. */
  readonly begins: Uint8Array
  /** 1 for those, of the slots last touched in the run, that end there. */
  readonly ends: Uint8Array
  /** By category, against the bytes before the run: those after it, and the most after an op has taken its buffers. */
  readonly change: Float64Array
  readonly most: Float64Array
  /** The same of all together, and the least. */
  readonly changeOfSum: number
  readonly mostOfSum: number
  readonly leastOfSum: number
}

/**
 * A rank's memory while its ops go by, by the rules of schedule/memory-plan.ts: a buffer takes a place at its first op, a
 * free one of exactly its size where there is one (the last that became free), and gives it back after its last. Where free
 * memory serves any size every buffer has a place of its own: an allocator has other memory while a stream still works on what
 * was freed, so that nobody waits for a place.
 *
 * `enterStretch`, then for every op `take` before and `give` after it, or for a run of ops `repeat`, then `leaveStretch`.
 */
export class RankMemory {
  /** By category, what is live after the buffers of an op have been taken. */
  readonly live = new Float64Array(CATEGORIES.length)
  cached = 0
  /** Places taken so far; a place is never given up. */
  places = 0
  /** Places of the slots of the stretch at hand. */
  readonly placeOfSlot: Int32Array
  /** Most bytes live at once so far, where free memory serves any size. */
  private reserved = 0
  private sum = 0
  private readonly peaks = new Float64Array(CATEGORIES.length)
  private peakCached = 0
  private peakTotal = 0
  private readonly persistent: Int32Array
  /** Of the persistent buffers; where every instance has its own, those of instances come behind. */
  private readonly ownPlaces: number
  readonly servesAnySize: boolean
  private readonly free: number[][]
  private numbers: Pick<Instances, 'base' | 'stride'> = { base: new Int32Array(0), stride: new Int32Array(0) }
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
    this.ownPlaces = this.places
    this.note(true)
    this.alone(prologue)
    let instances = instancesOfCode.get(code)
    if (instances === undefined) instancesOfCode.set(code, (instances = instancesOf(code, [...sequenceOf(code)])))
    this.begin(instances)
    if (this.servesAnySize) this.places = this.ownPlaces + instances.stretches.length
  }

  private takePlace(symbol: number): number {
    const { bytes, category, sizeClass, counts } = this.code.symbols[symbol]!
    const place = this.free[sizeClass]!.pop()
    if (counts) {
      this.live[category]! += bytes
      this.sum += bytes
      if (place !== undefined) this.cached -= bytes
    }
    return place ?? this.places++
  }

  private givePlace(symbol: number, place: number): void {
    const { bytes, category, sizeClass, counts } = this.code.symbols[symbol]!
    if (counts) {
      this.live[category]! -= bytes
      this.sum -= bytes
      this.cached += bytes
    }
    if (!this.servesAnySize) this.free[sizeClass]!.push(place)
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
      this.give(stretch, i)
    }
    this.leaveStretch(stretch)
    this.end()
  }

  private begin({ base, stride, stretches }: Instances): void {
    this.numbers = { base, stride }
    this.left = stretches.slice()
    this.place = new Int32Array(stretches.length).fill(-1)
    this.since = new Int32Array(this.servesAnySize ? 0 : stretches.length)
    this.begun.fill(0)
  }

  enterStretch({ symbol, how, which, passing }: StretchCode, microbatch: number): void {
    const { placeOfSlot, instanceOfSlot, place, numbers, begun, persistent } = this
    for (let k = 0; k < passing; k++) {
      const instance = instanceOf(symbol[k]!, how[k]!, which[k]!, numbers, begun, microbatch)
      instanceOfSlot[k] = instance
      placeOfSlot[k] = place[instance]!
    }
    for (let k = passing; k < symbol.length; k++) placeOfSlot[k] = persistent[symbol[k]!]!
  }

  /** Before op `i` of the stretch: takes what begins with it. */
  take({ first, symbol }: StretchCode, i: number): void {
    const { placeOfSlot } = this
    let grew = false
    for (let k = first[i]!; k < first[i + 1]!; k++) {
      if (placeOfSlot[k]! >= 0) continue
      const instance = this.instanceOfSlot[k]!
      const place = this.takePlace(symbol[k]!)
      this.place[instance] = placeOfSlot[k] = this.servesAnySize ? this.ownPlaces + instance : place
      if (!this.servesAnySize) this.since[instance] = this.clock++
      grew = true
    }
    this.note(grew)
  }

  /** After op `i`: gives back what ends with it, oldest first. */
  give({ last, lastSlot, symbol }: StretchCode, i: number): void {
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
    for (let k = 0; k < count; k++) this.givePlace(symbol[ended[k]!]!, placeOfSlot[ended[k]!]!)
  }

  /** What ops [from, to) of the stretch at hand will do. */
  formOf({ first, last, lastSlot, symbol }: StretchCode, from: number, to: number): MemoryForm {
    const { placeOfSlot, instanceOfSlot, left } = this
    const { symbols } = this.code
    const begins = new Uint8Array(first[to]! - first[from]!)
    const ends = new Uint8Array(last[to]! - last[from]!)
    const change = new Float64Array(CATEGORIES.length)
    const most = new Float64Array(CATEGORIES.length).fill(-Infinity)
    let changeOfSum = 0
    let mostOfSum = -Infinity
    let leastOfSum = Infinity
    const add = (slot: number, sign: 1 | -1) => {
      const { bytes, category, counts } = symbols[symbol[slot]!]!
      if (!counts) return
      change[category]! += sign * bytes
      changeOfSum += sign * bytes
    }
    for (let i = from; i < to; i++) {
      for (let k = first[i]!; k < first[i + 1]!; k++) {
        if (placeOfSlot[k]! >= 0) continue
        begins[k - first[from]!] = 1
        add(k, 1)
      }
      for (let c = 0; c < most.length; c++) most[c] = Math.max(most[c]!, change[c]!)
      mostOfSum = Math.max(mostOfSum, changeOfSum)
      leastOfSum = Math.min(leastOfSum, changeOfSum)
      for (let k = last[i]!; k < last[i + 1]!; k++) {
        if (left[instanceOfSlot[lastSlot[k]!]!] !== 1) continue
        ends[k - last[from]!] = 1
        add(lastSlot[k]!, -1)
      }
    }
    return { begins, ends, change, most, changeOfSum, mostOfSum, leastOfSum }
  }

  /** Whether ops [from, to) of the stretch at hand will do just that, without a new peak of the whole. */
  repeats({ first, last, lastSlot }: StretchCode, from: number, to: number, form: MemoryForm): boolean {
    const { placeOfSlot, instanceOfSlot, left } = this
    if (this.sum + form.mostOfSum > this.reserved) return false
    const [slots, lasts] = [first[from]!, last[from]!]
    for (let k = slots; k < first[to]!; k++) if (placeOfSlot[k]! >= 0 === (form.begins[k - slots] === 1)) return false
    for (let k = lasts; k < last[to]!; k++)
      if ((left[instanceOfSlot[lastSlot[k]!]!] === 1) !== (form.ends[k - lasts] === 1)) return false
    return true
  }

  /** All of them at once. */
  repeat({ first, last, lastSlot }: StretchCode, from: number, to: number, form: MemoryForm): void {
    const { placeOfSlot, instanceOfSlot, left, place, live, peaks, ownPlaces } = this
    for (let k = first[from]!; k < first[to]!; k++) {
      if (placeOfSlot[k]! >= 0) continue
      const instance = instanceOfSlot[k]!
      place[instance] = placeOfSlot[k] = ownPlaces + instance
    }
    for (let k = last[from]!; k < last[to]!; k++) left[instanceOfSlot[lastSlot[k]!]!]!--
    for (let c = 0; c < live.length; c++) {
      const highest = live[c]! + form.most[c]!
      if (highest > peaks[c]!) peaks[c] = highest
      live[c]! += form.change[c]!
    }
    const mostCached = this.reserved - (this.sum + form.leastOfSum)
    if (mostCached > this.peakCached) this.peakCached = mostCached
    this.sum += form.changeOfSum
    this.cached = this.reserved - this.sum
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
  { base, stride }: Pick<Instances, 'base' | 'stride'>,
  begun: Int32Array,
  microbatch: number,
): number {
  if (how === OF_MICROBATCH) return base[symbol]! + microbatch * stride[symbol]!
  if (how === FIXED) return base[symbol]! + which * stride[symbol]!
  return how === EARLIER ? base[symbol]! + begun[symbol]! - 1 - which : base[symbol]! + begun[symbol]! + which
}

/** Counts by how many of the stretches every instance is touched. */
function instancesOf(
  { symbols, templates }: RankCode,
  sequence: readonly { readonly stretch: StretchCode; readonly microbatch: number }[],
): Instances {
  /** By symbol: its place among those that every micro-batch has; −1 for others. */
  const within = new Int32Array(symbols.length).fill(-1)
  let perMicrobatch = 0
  for (const { symbol, how } of templates)
    for (let k = 0; k < how.length; k++)
      if (how[k] === OF_MICROBATCH && within[symbol[k]!] === -1) within[symbol[k]!] = perMicrobatch++
  const count = new Int32Array(symbols.length)
  let microbatches = 0
  const begun = new Int32Array(symbols.length)
  const counted = new Set<StretchCode>()
  for (const { stretch, microbatch } of sequence) {
    microbatches = Math.max(microbatches, microbatch + 1)
    for (const [s, n] of stretch.opened) count[s] = Math.max(count[s]!, (begun[s]! += n))
    if (counted.has(stretch)) continue
    counted.add(stretch)
    const { symbol, how, which, passing } = stretch
    for (let k = 0; k < passing; k++) {
      if (how[k] !== FIXED) continue
      if (within[symbol[k]!] === -1) count[symbol[k]!] = Math.max(count[symbol[k]!]!, which[k]! + 1)
      else microbatches = Math.max(microbatches, which[k]! + 1)
    }
  }
  const base = new Int32Array(symbols.length)
  const stride = new Int32Array(symbols.length)
  let next = 0
  for (let s = 0; s < symbols.length; s++) {
    if (within[s]! >= 0) continue
    base[s] = next
    stride[s] = 1
    next += count[s]!
  }
  for (let s = 0; s < symbols.length; s++) {
    if (within[s]! < 0) continue
    base[s] = next + within[s]!
    stride[s] = perMicrobatch
  }
  const stretches = new Int32Array(next + microbatches * perMicrobatch)
  begun.fill(0)
  const numbers = { base, stride }
  for (const { stretch, microbatch } of sequence) {
    const { symbol, how, which, passing, opened } = stretch
    for (let k = 0; k < passing; k++)
      stretches[instanceOf(symbol[k]!, how[k]!, which[k]!, numbers, begun, microbatch)]!++
    for (const [s, n] of opened) begun[s]! += n
  }
  return { base, stride, stretches }
}
