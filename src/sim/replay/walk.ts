import type { PeakBytes } from '../../core/bytes.ts'
import type { Op } from '../../schedule/program.ts'
import { COMPUTE } from '../../strategy/segment-writer.ts'
import { WRITE, sequenceOf, type RankCode, type StretchCode } from './code.ts'
import { lastOf, type Links } from './links.ts'
import type { OpOfWalk, Pending, Walker } from './pending.ts'
import type { Relocation } from './relocation.ts'
import { RankMemory } from './memory.ts'
import { BEFORE, localRuns, runForm, type LocalRun, type RunForm, type StretchTimes } from './local-run.ts'
import { PlaceTimes } from './place-times.ts'

/** How long ops take. */
export interface ReplayCosts {
  /**
   * Seconds an op keeps its stream: of compute, its kernels; of a send, from the hand-over to the arrival; of a collective,
   * from the meeting of its members to its end; 0 of a recv.
   */
  readonly seconds: (op: Op, rank: number) => number
  /** Seconds the host needs to launch it; the host runs ahead of the device, in list order. */
  readonly hostSeconds?: (op: Op, rank: number) => number
  /** The host waits for the op's end before it launches the next. */
  readonly stopsHost?: (op: Op) => boolean
}

const NONE = -1

/** A run of ops from `index` on that began after op `before` had ended, at `base` seconds. */
export interface RepeatedRun {
  readonly index: number
  readonly length: number
  readonly base: number
  readonly before: number
  readonly form: RunForm
}

/**
 * One rank's walk through its step, in list order. An op starts when its stream's op before it has ended, the last writer of
 * every place it touches, and the readers since of every place it writes (schedule/dependencies.ts), and when its host has
 * launched it. Where an op needs another rank that has not come yet, the walk goes on until something depends on it.
 */
export class Walk implements Walker {
  readonly memory: RankMemory
  /** By op of the whole step, but for those of repeated runs; empty where only totals are asked for. */
  private readonly start: Float64Array
  private readonly end: Float64Array
  private readonly binding: Int32Array
  /** Runs that were walked through in one go, in order. */
  readonly repeated: RepeatedRun[] = []
  private found = 0
  /** Ops that another rank let start. */
  readonly foreign = new Map<number, OpOfWalk>()
  /** After each op, when they are asked for: bytes by category, then those cached. */
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
  private finished: PeakBytes | null = null
  /** What the host waits for. */
  private hostPending: Pending | null = null
  /** −1: the head; then the actions; then the tail. */
  private position = -1
  private op = 0
  private inStretch = false
  private inOp = false
  /** By stretch of the sequence, its first op; the last is the end. */
  private offsets: Int32Array | null = null
  index = 0
  /** When the op at hand can start, but for the host, and the op it starts after. */
  private ready = 0
  private placesReady = 0
  private after = NONE
  /** Seconds at which the last op ended so far. */
  last = 0
  /** The op that ended then; −1 before the first. */
  lastIndex = NONE
  blocked = false

  constructor(
    readonly code: RankCode,
    private readonly place: Relocation,
    private readonly slowdown: number,
    private readonly costs: ReplayCosts,
    private readonly links: Links,
    keeps: { readonly curve?: boolean; readonly totalsOnly?: boolean },
  ) {
    this.memory = new RankMemory(code)
    const kept = keeps.totalsOnly ? 0 : code.length
    this.start = new Float64Array(kept)
    this.end = new Float64Array(kept)
    this.binding = new Int32Array(kept).fill(NONE)
    this.curve = keeps.curve ? new Float64Array(code.length * 7) : null
    this.keepsOps = kept > 0
    this.computeStream = code.streams.indexOf(COMPUTE)
    this.streamEnd = new Float64Array(code.streams.length)
    this.streamLast = new Int32Array(code.streams.length).fill(NONE)
    this.streamPending = code.streams.map(() => null)
  }

  /** Largest bytes by category and in all; to be asked when it is done. */
  get peak(): PeakBytes {
    this.finished ??= this.memory.finish()
    return this.finished
  }

  get rank(): number {
    return this.place.rank
  }

  private timesOf(stretch: StretchCode): StretchTimes {
    const known = this.times.get(stretch)
    if (known) return known
    const { costs, rank, links, slowdown, place } = this
    const ops = stretch.ops.map((op) => ('group' in op || 'peer' in op ? place.op(op) : op))
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

  /** An op of the code in this rank's numbers. */
  relocated<Each extends Op>(op: Each): Each {
    return this.place.op(op)
  }

  /** The ops of the whole step in list order, in this rank's numbers; `microbatch` is the one an action is repeated for. */
  *ops(): Generator<{ readonly op: Op; readonly index: number; readonly microbatch: number }> {
    let index = 0
    const moved = new Map<StretchCode, readonly Op[]>()
    for (const { stretch, microbatch } of sequenceOf(this.code)) {
      let ops = moved.get(stretch)
      if (ops === undefined) moved.set(stretch, (ops = stretch.ops.map((op) => this.place.op(op))))
      for (const op of ops) yield { op, index: index++, microbatch }
    }
  }

  /** The repeated run that an op is part of. */
  private runAt(index: number): RepeatedRun | null {
    const { repeated } = this
    const holds = (run: RepeatedRun | undefined) =>
      run !== undefined && index >= run.index && index < run.index + run.length
    // Who looks at one op looks at its neighbours next.
    if (holds(repeated[this.found])) return repeated[this.found]!
    let [low, high] = [0, repeated.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (repeated[middle]!.index <= index) low = middle
      else high = middle - 1
    }
    this.found = low
    return holds(repeated[low]) ? repeated[low]! : null
  }

  /** Seconds from the start of the step, by index of an op in it. */
  startOf(index: number): number {
    const run = this.runAt(index)
    return run === null ? this.start[index]! : run.base + run.form.start[index - run.index]!
  }

  endOf(index: number): number {
    const run = this.runAt(index)
    return run === null ? this.end[index]! : run.base + run.form.end[index - run.index]!
  }

  bindingOf(index: number): number {
    const run = this.runAt(index)
    if (run === null) return this.binding[index] ?? NONE
    const after = run.form.after[index - run.index]!
    return after === BEFORE ? run.before : run.index + after
  }

  /** An op of the whole step by its index, in the numbers of the code. */
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

  /** The op at which it stands, for a message; null at the end. */
  get current(): Op | null {
    return this.stretchAt(this.position)?.ops[this.op] ?? null
  }

  /** Whether it still waits for another rank. */
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

  /** Walks until the end, or until an op depends on one whose end is not known. */
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
          if (this.repeatsRun(stretch, times, runs)) continue
          memory.take(stretch, this.op)
          this.inOp = true
          placeTimes.reserve(memory.places)
          if (this.curve) {
            this.curve.set(memory.live, this.index * 7)
            this.curve[this.index * 7 + 6] = memory.cached
          }
        }
        if (!this.knowsStart(stretch, this.op)) {
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

  /** Runs of ops that may be repeated as a whole: where nobody waits for a place, and nobody asks for the bytes after each op. */
  private runsOf(stretch: StretchCode, times: StretchTimes): readonly LocalRun[] {
    if (!this.memory.servesAnySize || this.curve) return []
    let runs = this.runs.get(stretch)
    if (runs === undefined) this.runs.set(stretch, (runs = localRuns(stretch, times, this.computeStream)))
    return runs
  }

  /** Walks through the run that begins with the op at hand in one go, if nothing holds it up; stands at its last op then. */
  private repeatsRun(stretch: StretchCode, times: StretchTimes, runs: readonly LocalRun[]): boolean {
    const run = runs.find(({ from }) => from === this.op)
    if (run === undefined) return false
    const { from, to, form } = run
    const { memory, computeStream } = this
    if (form !== null && this.isFree(form, times) && memory.repeats(stretch, from, to, form.memory)) {
      this.repeat(stretch, times, run, form)
      this.op = to - 1
      return true
    }
    const isNew = form === null || !memory.repeats(stretch, from, to, form.memory)
    if (isNew && run.attempts-- > 0)
      run.form = runForm(stretch, times, run, computeStream, memory.formOf(stretch, from, to))
    return false
  }

  /** Nothing but the compute before it decides when the ops of a run start. */
  private isFree(form: RunForm, { exchange }: StretchTimes): boolean {
    const { streamEnd, streamPending, computeStream } = this
    const { writeEnd, readEnd, pending } = this.placeTimes
    const { placeOfSlot } = this.memory
    const base = streamEnd[computeStream]!
    if (this.hostPending !== null || this.hostEnd > base + form.hostUntil) return false
    const { streams, streamFrom, carried, writtenUntil, readUntil, collectives } = form
    for (let k = 0; k < streams.length; k++) {
      const s = streams[k]!
      if (streamPending[s] !== null || streamEnd[s]! > base + streamFrom[k]!) return false
    }
    for (let k = 0; k < carried.length; k++) {
      const place = placeOfSlot[carried[k]!]!
      if (pending[place] === 1) return false
      if (writeEnd[place]! > base + writtenUntil[k]! || readEnd[place]! > base + readUntil[k]!) return false
    }
    for (const i of collectives) {
      const link = exchange[i]!
      if (link?.kind === 'alone' && link.meeting.memberEnd !== null) return false
    }
    return true
  }

  private repeat(stretch: StretchCode, { exchange }: StretchTimes, { from, to }: LocalRun, form: RunForm): void {
    const { index, streamEnd, streamLast, computeStream, memory } = this
    const { writeEnd, writer, readEnd, reader } = this.placeTimes
    const base = streamEnd[computeStream]!
    const before = streamLast[computeStream]!
    const indexOf = (op: number) => (op === BEFORE ? before : index + op)
    memory.repeat(stretch, from, to, form.memory)
    const { placeOfSlot } = memory
    if (this.keepsOps) this.repeated.push({ index, length: to - from, base, before, form })
    for (let k = 0; k < form.streams.length; k++) {
      const s = form.streams[k]!
      streamEnd[s] = base + form.streamEnd[k]!
      streamLast[s] = indexOf(form.streamLast[k]!)
    }
    for (let k = 0; k < form.left.length; k++) {
      const place = placeOfSlot[form.left[k]!]!
      if (form.writer[k] !== BEFORE) {
        writeEnd[place] = base + form.writeEnd[k]!
        writer[place] = index + form.writer[k]!
        readEnd[place] = 0
      }
      if (form.reader[k] !== BEFORE && base + form.readEnd[k]! > readEnd[place]!) {
        readEnd[place] = base + form.readEnd[k]!
        reader[place] = index + form.reader[k]!
      }
    }
    this.hostEnd += form.launchSeconds
    if (base + form.hostEnd > this.hostEnd) {
      this.hostEnd = base + form.hostEnd
      if (form.hostLast !== BEFORE) this.hostLast = index + form.hostLast
    }
    if (base + form.last > this.last) {
      this.last = base + form.last
      this.lastIndex = index + form.lastIndex
    }
    for (const i of form.sends) {
      const link = exchange[i]!
      const [start, end] = [base + form.start[i - from]!, base + form.end[i - from]!]
      if (link?.kind === 'send') this.links.sent(link.channel, { walk: this, index: index + i - from, start, end })
    }
    this.index += to - from
  }

  /** Finds when an op's streams and places are ready, and after which op; false where that is not known yet. */
  private knowsStart({ stream, first, shared, accesses, accessed, mode }: StretchCode, i: number): boolean {
    const s = stream[i]!
    if (this.streamPending[s] !== null || this.hostPending !== null) return false
    const { placeOfSlot } = this.memory
    const { writeEnd, writer, readEnd, reader, pending } = this.placeTimes
    let ready = 0
    let binding = NONE
    // Whoever had its place before has to be through with it.
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
    // Kernels start while the host still launches those behind them; an exchange starts when it is launched.
    const handed = exchange === null ? this.hostEnd : this.hostEnd + launch
    this.hostEnd += launch
    let { ready, after } = this
    if (handed > ready) {
      ready = handed
      after = this.hostLast
    }
    if (this.keepsOps) this.binding[index] = after
    this.index++
    this.inOp = false
    if (exchange === null) {
      const end = ready + seconds
      this.finish(stretch, i, index, ready, launch > 0 && this.hostEnd > end ? this.hostEnd : end)
      memory.give(stretch, i)
      return
    }
    if (exchange.kind === 'alone' || exchange.kind === 'send') {
      if (exchange.kind === 'alone') ready = Math.max(ready, lastOf(exchange.meeting))
      const end = ready + seconds
      this.finish(stretch, i, index, ready, end)
      memory.give(stretch, i)
      if (times.stopsHost[i] === 1) this.hostWaits(index, end)
      if (exchange.kind === 'send') this.links.sent(exchange.channel, { walk: this, index, start: ready, end })
      return
    }
    const { accesses, accessed, mode, stream } = stretch
    const touched = accessed.subarray(accesses[i]!, accesses[i + 1]!)
    const pending: Pending = {
      walk: this,
      op: times.ops[i]!,
      index,
      ready,
      placesReady: Math.max(this.placesReady, handed),
      computed: this.streamEnd[this.computeStream] ?? 0,
      stream: stream[i]!,
      places: Array.from(touched, (slot) => memory.placeOfSlot[slot]!),
      modes: mode.subarray(accesses[i]!, accesses[i + 1]!),
    }
    this.streamPending[pending.stream] = pending
    for (const place of pending.places) this.placeTimes.pending[place] = 1
    if (times.stopsHost[i] === 1) this.hostPending = pending
    memory.give(stretch, i)
    if (exchange.kind === 'recv') this.links.awaits(exchange.channel, pending)
    else this.links.meets(exchange.meeting, pending, seconds)
  }

  private hostWaits(index: number, until: number): void {
    if (until <= this.hostEnd) return
    this.hostEnd = until
    this.hostLast = index
  }

  /** An op whose end is known when it begins. */
  private finish(stretch: StretchCode, i: number, index: number, start: number, end: number): void {
    const { stream, accesses, accessed, mode, last, lastSlot, shared } = stretch
    const { placeTimes } = this
    const { placeOfSlot } = this.memory
    this.note(stream[i]!, index, start, end)
    for (let k = accesses[i]!; k < accesses[i + 1]!; k++)
      placeTimes.accessed(placeOfSlot[accessed[k]!]!, mode[k]!, end, index)
    for (let k = last[i]!; k < last[i + 1]!; k++) {
      const slot = lastSlot[k]!
      if (shared[slot] === 0) placeTimes.written(placeOfSlot[slot]!, end, index)
    }
  }

  private note(stream: number, index: number, start: number, end: number): void {
    if (this.keepsOps) {
      this.start[index] = start
      this.end[index] = end
    }
    this.streamEnd[stream] = end
    this.streamLast[stream] = index
    if (end > this.last) {
      this.last = end
      this.lastIndex = index
    }
  }

  /** The other ranks have come: a pending op's times are known. */
  resolve(pending: Pending, start: number, end: number, after: OpOfWalk | null): void {
    const { index, stream, places, modes, ready } = pending
    if (this.hostPending === pending) {
      this.hostPending = null
      this.hostWaits(index, end)
    }
    this.streamPending[stream] = null
    this.note(stream, index, start, end)
    for (const [k, place] of places.entries()) {
      this.placeTimes.pending[place] = 0
      this.placeTimes.accessed(place, modes[k]!, end, index)
    }
    if (this.keepsOps && after !== null && (after.walk !== this || after.index !== index) && end > ready)
      this.foreign.set(index, after)
  }
}
