import type { PeakBytes } from '../../core/bytes.ts'
import type { Op } from '../../schedule/program.ts'
import type { RankCode, StretchCode } from './code.ts'
import { READ, WRITE } from './code.ts'
import type { Links } from './links.ts'
import type { OpOfWalk, Pending, Walker } from './pending.ts'
import type { Relocation } from './relocation.ts'
import { RankMemory } from './memory.ts'

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

interface StretchTimes {
  /** In this rank's numbers. */
  readonly ops: readonly Op[]
  readonly seconds: Float64Array
  readonly host: Float64Array
  readonly stopsHost: Uint8Array
  /** By op: what it exchanges with whom; null for what a rank does alone. */
  readonly exchange: readonly (ReturnType<Links['exchangeOf']> | null)[]
}

/**
 * One rank's walk through its step, in list order. An op starts when its stream's op before it has ended, the last writer of
 * every place it touches, and the readers since of every place it writes (schedule/dependencies.ts), and when its host has
 * launched it. Where an op needs another rank that has not come yet, the walk goes on until something depends on it.
 */
export class Walk implements Walker {
  readonly memory: RankMemory
  /** By op of the whole step; empty, and what is written to them lost, where only totals are asked for. */
  readonly start: Float64Array
  readonly end: Float64Array
  readonly binding: Int32Array
  /** Ops that another rank let start. */
  readonly foreign = new Map<number, OpOfWalk>()
  /** After each op, when they are asked for: bytes by category, then those cached. */
  readonly curve: Float64Array | null
  private readonly times = new Map<StretchCode, StretchTimes>()
  private readonly streamEnd: Float64Array
  private readonly streamLast: Int32Array
  private readonly streamPending: (Pending | null)[]
  private readonly writeEnd: number[] = []
  private readonly writer: number[] = []
  private readonly readEnd: number[] = []
  private readonly reader: number[] = []
  private readonly placePending: (Pending | null)[] = []
  private hostEnd = 0
  /** The op whose end the host waited for last. */
  private hostLast = NONE
  private finished: PeakBytes | null = null
  /** What the host waits for. */
  private hostPending: Pending | null = null
  /** −1: the head; then the actions; then the tail. */
  private position = -1
  private op = 0
  private entered = false
  index = 0
  /** Seconds at which the last op ended so far. */
  last = 0
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
    this.memory.begin(sequenceOf(code))
    const kept = keeps.totalsOnly ? 0 : code.length
    this.start = new Float64Array(kept)
    this.end = new Float64Array(kept)
    this.binding = new Int32Array(kept).fill(NONE)
    this.curve = keeps.curve ? new Float64Array(code.length * 7) : null
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

  /** Goes on until the end, or until an op depends on one whose end is not known. */
  run(): void {
    const { code, memory, streamEnd, streamLast, streamPending, writeEnd, writer, readEnd, reader, placePending } = this
    const { order, microbatches } = code.folded
    this.blocked = false
    while (this.position <= order.length) {
      const stretch = this.stretchAt(this.position)!
      const microbatch = this.position >= 0 && this.position < order.length ? microbatches[this.position]! : 0
      const { offsets, mode, stream } = stretch
      const { ops, seconds, host, stopsHost, exchange } = this.timesOf(stretch)
      const places = memory.placesOfOp
      for (; this.op < stretch.ops.length; this.op++) {
        const i = this.op
        const index = this.index
        const s = stream[i]!
        if (!this.entered) {
          memory.enter(stretch, i, microbatch)
          this.entered = true
          if (this.curve) {
            this.curve.set(memory.live, index * 7)
            this.curve[index * 7 + 6] = memory.cached
          }
        }
        if (streamPending[s] !== null || this.hostPending !== null) {
          this.blocked = true
          return
        }
        let ready = streamEnd[s]!
        let binding = streamLast[s]!
        const first = offsets[i]!
        for (let k = 0; k < places.length; k++) {
          const place = places[k]!
          if (placePending[place]) {
            this.blocked = true
            return
          }
          const written = writeEnd[place] ?? 0
          if (written > ready) {
            ready = written
            binding = writer[place]!
          }
          if ((mode[first + k]! & WRITE) !== 0) {
            const read = readEnd[place] ?? 0
            if (read > ready) {
              ready = read
              binding = reader[place]!
            }
          }
        }
        const link = exchange[i]!
        // Kernels start while the host still launches those behind them; an exchange starts when it is launched.
        const handed = link === null ? this.hostEnd : this.hostEnd + host[i]!
        this.hostEnd += host[i]!
        if (handed > ready) {
          ready = handed
          binding = this.hostLast
        }
        this.binding[index] = binding
        memory.leave(stretch, i)
        this.entered = false
        this.index++
        if (link === null)
          this.finish(
            index,
            s,
            ready,
            host[i]! > 0 ? Math.max(ready + seconds[i]!, this.hostEnd) : ready + seconds[i]!,
            places,
            mode,
            first,
          )
        else if (link.kind === 'send') {
          const end = ready + seconds[i]!
          this.finish(index, s, ready, end, places, mode, first)
          if (stopsHost[i]) this.hostWaits(index, end)
          this.links.sent(link.channel, { walk: this, index, start: ready, end })
        } else {
          const pending: Pending = {
            walk: this,
            op: ops[i]!,
            index,
            ready,
            stream: s,
            places: [...places],
            modes: places.map((_, k) => mode[first + k]!),
          }
          this.streamPending[s] = pending
          for (const place of pending.places) placePending[place] = pending
          if (stopsHost[i]) this.hostPending = pending
          if (link.kind === 'recv') this.links.awaits(link.channel, pending)
          else this.links.meets(link.meeting, pending, seconds[i]!)
        }
      }
      memory.leaveStretch(stretch)
      this.position++
      this.op = 0
    }
  }

  private hostWaits(index: number, until: number): void {
    if (until <= this.hostEnd) return
    this.hostEnd = until
    this.hostLast = index
  }

  private finish(
    index: number,
    stream: number,
    start: number,
    end: number,
    places: readonly number[],
    mode: ArrayLike<number>,
    first: number,
  ): void {
    const { writeEnd, writer, readEnd, reader } = this
    this.start[index] = start
    this.end[index] = end
    this.streamEnd[stream] = end
    if (end > this.last) this.last = end
    this.streamLast[stream] = index
    for (let k = 0; k < places.length; k++) {
      const place = places[k]!
      const how = mode[first + k]!
      if ((how & WRITE) !== 0) {
        writeEnd[place] = end
        writer[place] = index
        readEnd[place] = 0
      } else if ((how & READ) !== 0 && end > (readEnd[place] ?? 0)) {
        readEnd[place] = end
        reader[place] = index
      }
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
    for (const place of places) this.placePending[place] = null
    this.finish(index, stream, start, end, places, modes, 0)
    if (this.end.length > 0 && after !== null && (after.walk !== this || after.index !== index) && end > ready)
      this.foreign.set(index, after)
  }
}

/** The stretches of a step, in order. */
export function* sequenceOf({
  folded: { order, microbatches },
  head,
  templates,
  tail,
}: RankCode): Generator<{ stretch: StretchCode; microbatch: number }> {
  yield { stretch: head, microbatch: 0 }
  for (let i = 0; i < order.length; i++) yield { stretch: templates[order[i]!]!, microbatch: microbatches[i]! }
  yield { stretch: tail, microbatch: 0 }
}
