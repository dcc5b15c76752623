import type { Category, PeakBytes } from '../core/bytes.ts'
import { CATEGORIES, roundBufferBytes, zeroByCategory, zeroPeak } from '../core/bytes.ts'
import type { BufferSpec, Op, RankProgram } from './program.ts'

/** One extent of a rank's program: the buffers whose life starts and ends around each op, and the slot of each. */
export interface ExtentPlan {
  readonly ops: readonly Op[]
  /** acquire[i] before op i, release[i] after it. */
  readonly acquire: readonly (readonly string[])[]
  readonly release: readonly (readonly string[])[]
  readonly slotOf: ReadonlyMap<string, number>
}

export interface MemoryPoint {
  /** Id of the point's op. */
  readonly op: number
  readonly live: Readonly<Record<Category, number>>
  readonly cached: number
}

/**
 * Where every buffer of a rank lives, decided before the run: buffers live from their first op to their last, in list
 * order, and a free slot of exactly the same size is reused. Executor and ledger follow the same plan, so predicted
 * bytes can equal measured bytes. Slots are never released: a step repeats. Where the rank's software reuses free
 * memory for any size, bytes are counted accordingly, and slots only say which buffers share storage.
 */
export interface MemoryPlan {
  /** Bytes of each slot; persistent buffers come first, in the order of `buffers`. */
  readonly slots: readonly { readonly bytes: number; readonly home: BufferSpec['home']; readonly category: Category }[]
  readonly persistent: ReadonlyMap<string, number>
  readonly prologue: ExtentPlan
  readonly step: ExtentPlan
  readonly epilogue: ExtentPlan
  readonly peak: PeakBytes
  /** One point per op of the prologue, then of the first step; live bytes while the op runs. */
  readonly curve: readonly MemoryPoint[]
  /** The op at which the total peaks. */
  readonly peakOp: number
}

/** Whether a buffer counts against the rank's memory: host memory counts only where there is no device. */
function counts(spec: BufferSpec, rank: RankProgram): boolean {
  return spec.home !== 'host' || rank.device === 'cpu'
}

function bytesOf(spec: BufferSpec): number {
  return spec.home === 'uniform' ? Math.max(256, spec.bytes) : roundBufferBytes(spec.bytes)
}

class Planner {
  readonly slots: { bytes: number; home: BufferSpec['home']; category: Category }[] = []
  readonly persistent = new Map<string, number>()
  readonly peak = zeroPeak()
  readonly curve: MemoryPoint[] = []
  peakOp = -1
  private readonly live = zeroByCategory()
  private cached = 0
  /** Most bytes live at once so far, where free memory serves any size. */
  private reserved = 0
  private readonly free = new Map<string, number[]>()

  constructor(private readonly rank: RankProgram) {
    for (const spec of rank.buffers.values()) if (spec.persistent) this.persistent.set(spec.name, this.allocate(spec))
    this.recordPeak(-1)
  }

  private allocate(spec: BufferSpec): number {
    const bytes = bytesOf(spec)
    const slot = this.free.get(`${spec.home}:${bytes}`)?.pop()
    if (counts(spec, this.rank)) {
      this.live[spec.category] += bytes
      if (slot !== undefined) this.cached -= bytes
    }
    if (slot !== undefined) return slot
    this.slots.push({ bytes, home: spec.home, category: spec.category })
    return this.slots.length - 1
  }

  private release(spec: BufferSpec, slot: number): void {
    const bytes = bytesOf(spec)
    const key = `${spec.home}:${bytes}`
    if (counts(spec, this.rank)) {
      this.live[spec.category] -= bytes
      this.cached += bytes
    }
    const list = this.free.get(key)
    if (list) list.push(slot)
    else this.free.set(key, [slot])
  }

  private recordPeak(op: number): void {
    let live = 0
    for (const category of CATEGORIES) {
      live += this.live[category]
      this.peak[category] = Math.max(this.peak[category], this.live[category])
    }
    if (this.rank.reuse === 'any size') {
      this.reserved = Math.max(this.reserved, live)
      this.cached = this.reserved - live
    }
    const total = live + this.cached
    this.peak.cached = Math.max(this.peak.cached, this.cached)
    if (total > this.peak.total) {
      this.peak.total = total
      this.peakOp = op
    }
  }

  extent(ops: readonly Op[], record: boolean): ExtentPlan {
    const first = new Map<string, number>()
    const last = new Map<string, number>()
    for (const [i, op] of ops.entries())
      for (const name of [...op.writes, ...op.reads]) {
        if (this.persistent.has(name) || !this.rank.buffers.has(name)) continue
        if (!first.has(name)) first.set(name, i)
        last.set(name, i)
      }
    const acquire: string[][] = ops.map(() => [])
    const release: string[][] = ops.map(() => [])
    for (const [name, i] of first) acquire[i]!.push(name)
    for (const [name, i] of last) release[i]!.push(name)
    const slotOf = new Map<string, number>()
    for (const [i, op] of ops.entries()) {
      for (const name of acquire[i]!) slotOf.set(name, this.allocate(this.rank.buffers.get(name)!))
      this.recordPeak(op.id)
      if (record) this.curve.push({ op: op.id, live: { ...this.live }, cached: this.cached })
      for (const name of release[i]!) this.release(this.rank.buffers.get(name)!, slotOf.get(name)!)
    }
    // After the last release all transient memory is cached: the maximum of `cached`.
    this.peak.cached = Math.max(this.peak.cached, this.cached)
    return { ops, acquire, release, slotOf }
  }
}

/** Plans one rank's memory. `curve: false` omits the curve (long programs). */
export function planMemory(rank: RankProgram, options: { curve?: boolean } = {}): MemoryPlan {
  const record = options.curve ?? true
  const planner = new Planner(rank)
  const prologue = planner.extent(rank.prologue, record)
  const step = planner.extent(rank.step, record)
  const epilogue = planner.extent(rank.epilogue, false)
  const { slots, persistent, peak, curve, peakOp } = planner
  return { slots, persistent, prologue, step, epilogue, peak, curve, peakOp }
}

/**
 * The storage behind a buffer's name within an extent: buffers that share a slot depend on each other, whatever their
 * names. Names without a slot stand for themselves.
 */
export function slotNames(plan: MemoryPlan, extent: ExtentPlan): (name: string) => string {
  return (name) => {
    const slot = plan.persistent.get(name) ?? extent.slotOf.get(name)
    return slot === undefined ? name : `#${slot}`
  }
}
