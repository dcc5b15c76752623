import { CATEGORIES, type PeakBytes } from '../../core/bytes.ts'
import { isCollective, isMessage } from '../../schedule/op-kinds.ts'
import type { Op } from '../../schedule/program.ts'
import { COMPUTE } from '../../strategy/segment-writer.ts'
import { WRITE, sequenceOf, type RankCode, type StretchCode } from './code.ts'
import { takeLastMemberEnd, type Links } from './links.ts'
import type { OpOfWalk, Pending, Walker } from './pending.ts'
import type { Relocation } from './relocation.ts'
import { RankMemory } from './memory.ts'
import { BEFORE, localRuns, profileRun, type LocalRun, type RunProfile, type StretchTimes } from './local-run.ts'
import { PlaceTimes } from './place-times.ts'

/** How long ops take. */
export interface ReplayCosts {
  /**
   * Seconds an op occupies its stream. Compute: its kernels; send: from hand-over to arrival; collective: from when all
   * members are ready to its end; recv: 0.
   */
  readonly seconds: (op: Op, rank: number) => number
  /** Seconds the host needs to launch the op; the host runs ahead of the device, in list order. */
  readonly hostSeconds?: (op: Op, rank: number) => number
  /** The host waits for the op's end before it launches the next. */
  readonly stopsHost?: (op: Op) => boolean
}

const NONE = -1

/** Numbers of a curve per op: live bytes by category, then cached bytes. */
export const CURVE_WIDTH = CATEGORIES.length + 1

/** A repetition of a run: its first op is `index`, and the compute before it, op `before`, ended at `base` seconds. */
export interface RepeatedRun {
  readonly index: number
  readonly length: number
  readonly base: number
  readonly before: number
  readonly profile: RunProfile
}

/**
 * One rank's walk through its step, in list order. An op starts once these have ended: the op before it on its stream,
 * the last writer of every place it touches, and the readers since then of every place it writes
 * (schedule/dependencies.ts); and once the host has launched it. Where it needs a rank that is not there yet, the walk
 * continues until an op depends on it.
 */
export class Walk implements Walker {
  readonly memory: RankMemory
  /** By op of the whole step, except those of repeated runs; empty where only totals are kept. */
  private readonly start: Float64Array
  private readonly end: Float64Array
  private readonly binding: Int32Array
  /** Runs applied as a whole from their profile, in order. */
  readonly repeatedRuns: RepeatedRun[] = []
  private lastFoundRun = 0
  /** By op that waited for another rank: the op it waited for. */
  readonly remoteBinding = new Map<number, OpOfWalk>()
  /** By op, where asked for: live bytes by category, then cached bytes. */
  readonly curve: Float64Array | null
  private readonly keepsOps: boolean
  private readonly computeStream: number
  private readonly times = new Map<StretchCode, StretchTimes>()
  private readonly runs = new Map<StretchCode, readonly LocalRun[]>()
  private readonly streamEnd: Float64Array
  private readonly streamLast: Int32Array
  private readonly streamPending: (Pending | null)[]
  private readonly placeTimes = new PlaceTimes()
  private hostEnd = 0
  /** The op whose end the host waited for last. */
  private hostLast = NONE
  private finalPeak: PeakBytes | null = null
  /** The exchange the host waits for. */
  private hostPending: Pending | null = null
  /** Stretch of the sequence: −1 is the head, then the actions, then the tail. */
  private position = -1
  private op = 0
  private inStretch = false
  private inOp = false
  /** By stretch of the sequence: its first op; the last entry is the end. */
  private offsets: Int32Array | null = null
  index = 0
  /** When the current op can start, ignoring the host, and the op it starts after. */
  private ready = 0
  private placesReady = 0
  private after = NONE
  /** Latest end of an op so far, in seconds. */
  lastEnd = 0
  /** The op that ended then; −1 before the first. */
  lastIndex = NONE
  blocked = false

  constructor(
    readonly code: RankCode,
    private readonly relocation: Relocation,
    private readonly slowdown: number,
    private readonly costs: ReplayCosts,
    private readonly links: Links,
    options: { readonly curve?: boolean; readonly totalsOnly?: boolean },
  ) {
    this.memory = new RankMemory(code)
    const kept = options.totalsOnly ? 0 : code.length
    this.start = new Float64Array(kept)
    this.end = new Float64Array(kept)
    this.binding = new Int32Array(kept).fill(NONE)
    this.curve = options.curve ? new Float64Array(code.length * CURVE_WIDTH) : null
    this.keepsOps = kept > 0
    this.computeStream = code.streams.indexOf(COMPUTE)
    this.streamEnd = new Float64Array(code.streams.length)
    this.streamLast = new Int32Array(code.streams.length).fill(NONE)
    this.streamPending = code.streams.map(() => null)
  }

  /** Peak bytes by category and in total; valid once the walk is done. */
  get peak(): PeakBytes {
    this.finalPeak ??= this.memory.finish()
    return this.finalPeak
  }

  get rank(): number {
    return this.relocation.rank
  }

  private timesOf(stretch: StretchCode): StretchTimes {
    const known = this.times.get(stretch)
    if (known) return known
    const { costs, rank, links, slowdown, relocation } = this
    const ops = stretch.ops.map((op) => (isCollective(op) || isMessage(op) ? relocation.relocate(op) : op))
    const exchange = ops.map((op) => links.exchangeOf(op, rank))
    const times = {
      ops,
      seconds: Float64Array.from(ops, (op, i) => costs.seconds(op, rank) * (exchange[i] ? 1 : slowdown)),
      host: Float64Array.from(ops, (op) => costs.hostSeconds?.(op, rank) ?? 0),
      stopsHost: Uint8Array.from(ops, (op) => (costs.stopsHost?.(op) ? 1 : 0)),
      exchange,
    }
    this.times.set(stretch, times)
    return times
  }

  /** An op of the code with this rank's stages, groups and peers. */
  relocated<Each extends Op>(op: Each): Each {
    return this.relocation.relocate(op)
  }

  /** The relocated ops of the whole step in list order; `microbatch` is that of the op's action. */
  *ops(): Generator<{ readonly op: Op; readonly index: number; readonly microbatch: number }> {
    let index = 0
    const moved = new Map<StretchCode, readonly Op[]>()
    for (const { stretch, microbatch } of sequenceOf(this.code)) {
      let ops = moved.get(stretch)
      if (ops === undefined) moved.set(stretch, (ops = stretch.ops.map((op) => this.relocation.relocate(op))))
      for (const op of ops) yield { op, index: index++, microbatch }
    }
  }

  /** The repeated run that contains an op. */
  private runAt(index: number): RepeatedRun | null {
    const { repeatedRuns } = this
    const contains = (run: RepeatedRun | undefined) =>
      run !== undefined && index >= run.index && index < run.index + run.length
    // Callers usually look up neighbouring ops next.
    if (contains(repeatedRuns[this.lastFoundRun])) return repeatedRuns[this.lastFoundRun]!
    let [low, high] = [0, repeatedRuns.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (repeatedRuns[middle]!.index <= index) low = middle
      else high = middle - 1
    }
    this.lastFoundRun = low
    return contains(repeatedRuns[low]) ? repeatedRuns[low]! : null
  }

  /** Seconds from the start of the step, by index of an op in it. */
  startOf(index: number): number {
    const run = this.runAt(index)
    return run === null ? this.start[index]! : run.base + run.profile.start[index - run.index]!
  }

  endOf(index: number): number {
    const run = this.runAt(index)
    return run === null ? this.end[index]! : run.base + run.profile.end[index - run.index]!
  }

  bindingOf(index: number): number {
    const run = this.runAt(index)
    if (run === null) return this.binding[index] ?? NONE
    const after = run.profile.after[index - run.index]!
    return after === BEFORE ? run.before : run.index + after
  }

  /** An op of the whole step by its index, not relocated. */
  opAt(index: number): Op {
    const { code } = this
    const { order } = code.folded
    if (this.offsets === null) {
      this.offsets = new Int32Array(order.length + 3)
      let position = 0
      for (const { stretch } of sequenceOf(code)) {
        this.offsets[position + 1] = this.offsets[position]! + stretch.ops.length
        position++
      }
    }
    let [low, high] = [0, order.length + 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.offsets[middle]! <= index) low = middle
      else high = middle - 1
    }
    return this.stretchAt(low - 1)!.ops[index - this.offsets[low]!]!
  }

  /** The next op, for a message; null at the end. */
  get current(): Op | null {
    return this.stretchAt(this.position)?.ops[this.op] ?? null
  }

  /** Whether an exchange still waits for another rank. */
  get isPending(): boolean {
    return this.streamPending.some((each) => each !== null)
  }

  get done(): boolean {
    return this.position > this.code.folded.order.length
  }

  private stretchAt(position: number): StretchCode | undefined {
    const { folded, head, templates, tail } = this.code
    if (position < 0) return head
    return position < folded.order.length ? templates[folded.order[position]!] : tail
  }

  /** Walks to the end, or until an op depends on one whose end is not known yet. */
  run(): void {
    const { memory, placeTimes } = this
    const { order, microbatches } = this.code.folded
    this.blocked = false
    while (this.position <= order.length) {
      const stretch = this.stretchAt(this.position)!
      const times = this.timesOf(stretch)
      if (!this.inStretch) {
        const inOrder = this.position >= 0 && this.position < order.length
        memory.enterStretch(stretch, inOrder ? microbatches[this.position]! : 0)
        this.inStretch = true
      }
      const runs = this.runsOf(stretch, times)
      for (; this.op < times.ops.length; this.op++) {
        if (!this.inOp) {
          if (this.tryRepeatRun(stretch, times, runs)) continue
          memory.allocate(stretch, this.op)
          this.inOp = true
          placeTimes.reserve(memory.places)
          if (this.curve) {
            this.curve.set(memory.live, this.index * CURVE_WIDTH)
            this.curve[(this.index + 1) * CURVE_WIDTH - 1] = memory.cached
          }
        }
        if (!this.findStart(stretch, this.op)) {
          this.blocked = true
          return
        }
        this.perform(stretch, times, this.op)
      }
      memory.leaveStretch(stretch)
      this.inStretch = false
      this.position++
      this.op = 0
    }
  }

  /** Runs that can be applied as a whole: only where no op waits for a place and no bytes per op are kept. */
  private runsOf(stretch: StretchCode, times: StretchTimes): readonly LocalRun[] {
    if (!this.memory.servesAnySize || this.curve) return []
    let runs = this.runs.get(stretch)
    if (runs === undefined) this.runs.set(stretch, (runs = localRuns(stretch, times, this.computeStream)))
    return runs
  }

  /** Applies the run that begins at the current op as a whole if nothing delays it; the current op is then its last. */
  private tryRepeatRun(stretch: StretchCode, times: StretchTimes, runs: readonly LocalRun[]): boolean {
    const run = runs.find(({ from }) => from === this.op)
    if (run === undefined) return false
    const { from, to, profile } = run
    const { memory, computeStream } = this
    if (profile !== null && this.isUndelayed(profile, times) && memory.matches(stretch, from, to, profile.memory)) {
      this.repeat(stretch, times, run, profile)
      this.op = to - 1
      return true
    }
    const isNew = profile === null || !memory.matches(stretch, from, to, profile.memory)
    if (isNew && run.attempts-- > 0)
      run.profile = profileRun(stretch, times, run, computeStream, memory.profile(stretch, from, to))
    return false
  }

  /** Whether only the compute before a run determines when its ops start. */
  private isUndelayed(profile: RunProfile, { exchange }: StretchTimes): boolean {
    const { streamEnd, streamPending, computeStream } = this
    const { writeEnd, readEnd, pending } = this.placeTimes
    const { placeOfSlot } = this.memory
    const base = streamEnd[computeStream]!
    if (this.hostPending !== null || this.hostEnd > base + profile.hostDeadline) return false
    const { streams, streamDeadline, liveIn, writeDeadline, readDeadline, collectives } = profile
    for (let k = 0; k < streams.length; k++) {
      const s = streams[k]!
      if (streamPending[s] !== null || streamEnd[s]! > base + streamDeadline[k]!) return false
    }
    for (let k = 0; k < liveIn.length; k++) {
      const place = placeOfSlot[liveIn[k]!]!
      if (pending[place] === 1) return false
      if (writeEnd[place]! > base + writeDeadline[k]! || readEnd[place]! > base + readDeadline[k]!) return false
    }
    for (const i of collectives) {
      const link = exchange[i]!
      if (link?.kind === 'local' && link.meeting.memberEnd !== null) return false
    }
    return true
  }

  private repeat(stretch: StretchCode, { exchange }: StretchTimes, { from, to }: LocalRun, profile: RunProfile): void {
    const { index, streamEnd, streamLast, computeStream, memory } = this
    const { writeEnd, writer, readEnd, reader } = this.placeTimes
    const base = streamEnd[computeStream]!
    const before = streamLast[computeStream]!
    const indexOf = (op: number) => (op === BEFORE ? before : index + op)
    memory.repeat(stretch, from, to, profile.memory)
    const { placeOfSlot } = memory
    if (this.keepsOps) this.repeatedRuns.push({ index, length: to - from, base, before, profile })
    for (let k = 0; k < profile.streams.length; k++) {
      const s = profile.streams[k]!
      streamEnd[s] = base + profile.streamEnd[k]!
      streamLast[s] = indexOf(profile.streamLast[k]!)
    }
    for (let k = 0; k < profile.liveOut.length; k++) {
      const place = placeOfSlot[profile.liveOut[k]!]!
      if (profile.writer[k] !== BEFORE) {
        writeEnd[place] = base + profile.writeEnd[k]!
        writer[place] = index + profile.writer[k]!
        readEnd[place] = 0
      }
      if (profile.reader[k] !== BEFORE && base + profile.readEnd[k]! > readEnd[place]!) {
        readEnd[place] = base + profile.readEnd[k]!
        reader[place] = index + profile.reader[k]!
      }
    }
    this.hostEnd += profile.launchSeconds
    if (base + profile.hostEnd > this.hostEnd) {
      this.hostEnd = base + profile.hostEnd
      if (profile.hostLast !== BEFORE) this.hostLast = index + profile.hostLast
    }
    if (base + profile.lastEnd > this.lastEnd) {
      this.lastEnd = base + profile.lastEnd
      this.lastIndex = index + profile.lastIndex
    }
    for (const i of profile.sends) {
      const link = exchange[i]!
      const [start, end] = [base + profile.start[i - from]!, base + profile.end[i - from]!]
      if (link?.kind === 'send') this.links.send(link.channel, { walk: this, index: index + i - from, start, end })
    }
    this.index += to - from
  }

  /** Determines when an op's stream and places are ready, and after which op; false where that is not known yet. */
  private findStart({ stream, first, shared, accesses, accessed, mode }: StretchCode, i: number): boolean {
    const s = stream[i]!
    if (this.streamPending[s] !== null || this.hostPending !== null) return false
    const { placeOfSlot } = this.memory
    const { writeEnd, writer, readEnd, reader, pending } = this.placeTimes
    let ready = 0
    let binding = NONE
    // The previous users of its places must have ended.
    for (let k = first[i]!; k < first[i + 1]!; k++) {
      if (shared[k] === 1) continue
      const place = placeOfSlot[k]!
      if (pending[place] === 1) return false
      if (writeEnd[place]! > ready) {
        ready = writeEnd[place]!
        binding = writer[place]!
      }
      if (readEnd[place]! > ready) {
        ready = readEnd[place]!
        binding = reader[place]!
      }
    }
    for (let k = accesses[i]!; k < accesses[i + 1]!; k++) {
      const place = placeOfSlot[accessed[k]!]!
      if (pending[place] === 1) return false
      if (writeEnd[place]! > ready) {
        ready = writeEnd[place]!
        binding = writer[place]!
      }
      if ((mode[k]! & WRITE) !== 0 && readEnd[place]! > ready) {
        ready = readEnd[place]!
        binding = reader[place]!
      }
    }
    this.placesReady = ready
    const inOrder = this.streamEnd[s]! >= ready
    this.ready = inOrder ? this.streamEnd[s]! : ready
    this.after = inOrder ? this.streamLast[s]! : binding
    return true
  }

  private perform(stretch: StretchCode, times: StretchTimes, i: number): void {
    const { index, memory } = this
    const launch = times.host[i]!
    const seconds = times.seconds[i]!
    const exchange = times.exchange[i]!
    // Kernels start while the host launches the ones after them; an exchange starts once launched.
    const launched = exchange === null ? this.hostEnd : this.hostEnd + launch
    this.hostEnd += launch
    let { ready, after } = this
    if (launched > ready) {
      ready = launched
      after = this.hostLast
    }
    if (this.keepsOps) this.binding[index] = after
    this.index++
    this.inOp = false
    if (exchange === null) {
      const end = ready + seconds
      this.finish(stretch, i, index, ready, launch > 0 && this.hostEnd > end ? this.hostEnd : end)
      memory.free(stretch, i)
      return
    }
    if (exchange.kind === 'local' || exchange.kind === 'send') {
      if (exchange.kind === 'local') ready = Math.max(ready, takeLastMemberEnd(exchange.meeting))
      const end = ready + seconds
      this.finish(stretch, i, index, ready, end)
      memory.free(stretch, i)
      if (times.stopsHost[i] === 1) this.holdHost(index, end)
      if (exchange.kind === 'send') this.links.send(exchange.channel, { walk: this, index, start: ready, end })
      return
    }
    const { accesses, accessed, mode, stream } = stretch
    const touched = accessed.subarray(accesses[i]!, accesses[i + 1]!)
    const pending: Pending = {
      walk: this,
      op: times.ops[i]!,
      index,
      ready,
      placesReady: Math.max(this.placesReady, launched),
      computeEnd: this.streamEnd[this.computeStream] ?? 0,
      stream: stream[i]!,
      places: Array.from(touched, (slot) => memory.placeOfSlot[slot]!),
      modes: mode.subarray(accesses[i]!, accesses[i + 1]!),
    }
    this.streamPending[pending.stream] = pending
    for (const place of pending.places) this.placeTimes.pending[place] = 1
    if (times.stopsHost[i] === 1) this.hostPending = pending
    memory.free(stretch, i)
    if (exchange.kind === 'recv') this.links.receive(exchange.channel, pending)
    else this.links.join(exchange.meeting, pending, seconds)
  }

  private holdHost(index: number, until: number): void {
    if (until <= this.hostEnd) return
    this.hostEnd = until
    this.hostLast = index
  }

  /** Records an op whose end is known when it starts. */
  private finish(stretch: StretchCode, i: number, index: number, start: number, end: number): void {
    const { stream, accesses, accessed, mode, last, lastSlot, shared } = stretch
    const { placeTimes } = this
    const { placeOfSlot } = this.memory
    this.recordTimes(stream[i]!, index, start, end)
    for (let k = accesses[i]!; k < accesses[i + 1]!; k++)
      placeTimes.recordAccess(placeOfSlot[accessed[k]!]!, mode[k]!, end, index)
    for (let k = last[i]!; k < last[i + 1]!; k++) {
      const slot = lastSlot[k]!
      if (shared[slot] === 0) placeTimes.recordWrite(placeOfSlot[slot]!, end, index)
    }
  }

  private recordTimes(stream: number, index: number, start: number, end: number): void {
    if (this.keepsOps) {
      this.start[index] = start
      this.end[index] = end
    }
    this.streamEnd[stream] = end
    this.streamLast[stream] = index
    if (end > this.lastEnd) {
      this.lastEnd = end
      this.lastIndex = index
    }
  }

  /** The other ranks have reached the exchange: records the times of a pending op. */
  resolve(pending: Pending, start: number, end: number, after: OpOfWalk | null): void {
    const { index, stream, places, modes, ready } = pending
    if (this.hostPending === pending) {
      this.hostPending = null
      this.holdHost(index, end)
    }
    this.streamPending[stream] = null
    this.recordTimes(stream, index, start, end)
    for (const [k, place] of places.entries()) {
      this.placeTimes.pending[place] = 0
      this.placeTimes.recordAccess(place, modes[k]!, end, index)
    }
    if (this.keepsOps && after !== null && (after.walk !== this || after.index !== index) && end > ready)
      this.remoteBinding.set(index, after)
  }
}
