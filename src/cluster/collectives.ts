import type { TrafficKind } from '../core/bytes.ts'
import { refused } from '../core/errors.ts'
import { memberPlan, type MemberPlan } from '../comm/plan.ts'
import type { PlanRequest } from '../comm/steps.ts'
import { combine, type Combine } from './collectives/combine.ts'
import { cut, piecesOf, type PlanPiece, type PlanPieces } from './collectives/pieces.ts'
import { ChunkProgress } from './collectives/progress.ts'
import { Scratch } from './collectives/scratch.ts'
import type { Transport } from './transport/transport.ts'

/** Default elements per chunk: 512 KiB. Smaller chunks pay more per message, larger ones overlap less. */
const CHUNK_ELEMENTS = 131_072

/** Receives posted ahead, so that messages land in place instead of waiting in the inbox. */
const RECEIVES_AHEAD = 4

/** Microtask turns between two chunks sent: about what a receiver needs to take one in. */
const TURNS_BETWEEN_SENDS = 6

export interface CollectiveRun {
  readonly transport: Transport
  readonly request: PlanRequest
  /** Ranks of the members, in group order; this member's index in it. */
  readonly group: readonly number[]
  readonly member: number
  /**
   * The member's input and output (plan.holds and plan.keeps elements; empty where it has none). They may be the same
   * array where both are the whole vector. The target must not be changed before the run is over.
   */
  readonly source: Float32Array
  readonly target: Float32Array
  readonly combine?: Combine
  /** Members must enter the collectives of a channel in the same order. */
  readonly channel: string
  readonly traffic: TrafficKind
  /** Equal for all members; the result does not depend on it. */
  readonly chunkElements?: number
  /**
   * Awaited before source[offset … offset + length) is read, for chunks still on their way from the GPU; may be called
   * more than once for a range.
   */
  readonly sourceReady?: (offset: number, length: number) => Promise<void> | undefined
  /** Called once for each piece of the target, as soon as its value is final. */
  readonly targetReady?: (offset: number, length: number) => void
}

const scratch = new Scratch()

/**
 * Runs one member's side of a collective over host memory. Chunks are pipelined through the steps: reading the source,
 * sending, receiving, combining and handing out the target overlap. Sums are taken in plan order, so the result does
 * not depend on timing or chunk size, and an all-reduce ends bit-identical on all members. Rejects with the first error
 * of the transport or of `sourceReady`.
 */
export async function runCollective(run: CollectiveRun): Promise<void> {
  const plan = memberPlan(run.request, run.member)
  refuseWrongLengths(run, plan)
  const chunk = run.chunkElements ?? CHUNK_ELEMENTS
  if (!Number.isSafeInteger(chunk) || chunk < 1) throw refused('chunkElements', 'chunk-too-small', { chunk })
  const state = new Member(run, plan, piecesOf(plan, chunk), chunk)
  try {
    await Promise.all([state.guard(state.sendAll()), state.guard(state.recvAll()), state.guard(state.keepOwn())])
  } catch (error) {
    throw state.failure ?? error
  }
  // Only after a successful run: a failed one may still receive into this memory.
  state.release()
}

function refuseWrongLengths(run: CollectiveRun, plan: MemberPlan): void {
  if (run.group.length !== run.request.size) {
    throw refused('group', 'group-size-differs', { ranks: run.group.length, members: run.request.size })
  }
  if (run.source.length !== plan.holds.length) {
    throw refused('source', 'source-size-differs', { elements: run.source.length, expected: plan.holds.length })
  }
  if (run.target.length !== plan.keeps.length) {
    throw refused('target', 'target-size-differs', { elements: run.target.length, expected: plan.keeps.length })
  }
}

function bytesOf(array: Float32Array, offset: number, length: number): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset + offset * 4, length * 4)
}

class Member {
  failure: Error | null = null
  private readonly sent = new ChunkProgress()
  private readonly got = new ChunkProgress()
  /** The vector's current values where something was received: the target itself when it covers all of that. */
  private readonly work: Float32Array
  /** Element of the vector at work[0]. */
  private readonly workStart: number
  private readonly borrowed: Float32Array<ArrayBuffer>[] = []
  private readonly inTarget: boolean

  constructor(
    private readonly run: CollectiveRun,
    private readonly plan: MemberPlan,
    private readonly pieces: PlanPieces,
    private readonly chunk: number,
  ) {
    const { keeps } = plan
    this.inTarget = pieces.recvs.every(
      (p) => p.offset >= keeps.offset && p.offset + p.length <= keeps.offset + keeps.length,
    )
    this.workStart = this.inTarget ? keeps.offset : 0
    this.work = this.inTarget ? run.target : this.borrow(run.request.elements)
  }

  private borrow(length: number): Float32Array<ArrayBuffer> {
    const array = scratch.take(length)
    this.borrowed.push(array)
    return array
  }

  release(): void {
    for (const array of this.borrowed) scratch.give(array)
  }

  /** The first failure ends the other loops as well. */
  async guard(loop: Promise<void>): Promise<void> {
    try {
      await loop
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error))
      this.sent.fail(this.failure)
      this.got.fail(this.failure)
      throw this.failure
    }
  }

  private rank(member: number): number {
    return this.run.group[member] ?? -1
  }

  async sendAll(): Promise<void> {
    const { run, plan } = this
    for (const piece of this.pieces.sends) {
      const wait = piece.fresh
        ? run.sourceReady?.(piece.offset - plan.holds.offset, piece.length)
        : this.got.reaches(piece.after)
      if (wait !== undefined) await wait
      const data = piece.fresh
        ? bytesOf(run.source, piece.offset - plan.holds.offset, piece.length)
        : bytesOf(this.work, piece.offset - this.workStart, piece.length)
      const pace = run.transport.send(this.rank(piece.peer), run.channel, data, run.traffic)
      this.sent.advance()
      // Let this thread's receivers run, so that the next chunk finds its receive posted.
      if (pace !== undefined) await pace
      else for (let turn = 0; turn < TURNS_BETWEEN_SENDS; turn++) await undefined
    }
  }

  async recvAll(): Promise<void> {
    const { recvs } = this.pieces
    const landing: Float32Array[] = []
    const size = Math.min(this.chunk, Math.max(1, this.run.request.elements))
    if (recvs.some((piece) => piece.mode === 'combine'))
      for (let i = 0; i < RECEIVES_AHEAD; i++) landing.push(this.borrow(size))
    const posted: (Promise<void> | undefined)[] = []
    let next = 0
    for (let i = 0; i < recvs.length; i++) {
      // Post what may be posted: a copy lands in place, so no earlier step may still need the old values.
      for (; next < recvs.length && next < i + RECEIVES_AHEAD; next++) {
        const piece = recvs[next]
        if (piece === undefined) break
        if (piece.mode === 'copy' && this.sent.done < piece.after) {
          if (next > i) break
          await this.sent.reaches(piece.after)
        }
        posted[next] = this.post(piece, landing[next % RECEIVES_AHEAD])
      }
      const piece = recvs[i]
      if (piece === undefined) break
      await posted[i]
      posted[i] = undefined
      if (piece.mode === 'combine') await this.combine(piece, landing[i % RECEIVES_AHEAD])
      this.got.advance()
      if (piece.final) this.hand(piece)
    }
  }

  private post(piece: PlanPiece, landing: Float32Array | undefined): Promise<void> {
    const into =
      piece.mode === 'combine' && landing !== undefined
        ? bytesOf(landing, 0, piece.length)
        : bytesOf(this.work, piece.offset - this.workStart, piece.length)
    const promise = this.run.transport.recv(this.rank(piece.peer), this.run.channel, into)
    // Awaited in order; after an earlier failure nobody handles it.
    promise.catch(() => {})
    return promise
  }

  private async combine(piece: PlanPiece, other: Float32Array | undefined): Promise<void> {
    const { run, plan } = this
    if (other === undefined) return
    const from = piece.offset - plan.holds.offset
    const at = piece.offset - this.workStart
    const wait = this.sent.reaches(piece.after)
    if (wait !== undefined) await wait
    if (piece.fresh) {
      const ready = run.sourceReady?.(from, piece.length)
      if (ready !== undefined) await ready
      combine(run.combine ?? 'sum', this.work, at, run.source, from, other, piece.length)
    } else {
      combine(run.combine ?? 'sum', this.work, at, this.work, at, other, piece.length)
    }
  }

  /** A received piece is final: pass its kept part to the target's reader. */
  private hand(piece: PlanPiece): void {
    const { keeps } = this.plan
    const from = Math.max(piece.offset, keeps.offset)
    const end = Math.min(piece.offset + piece.length, keeps.offset + keeps.length)
    if (end <= from) return
    if (!this.inTarget) this.run.target.set(this.work.subarray(from, end), from - keeps.offset)
    this.run.targetReady?.(from - keeps.offset, end - from)
  }

  /** What the member keeps of its own source: its part of a gather, the root's vector, everything when it is alone. */
  async keepOwn(): Promise<void> {
    const { run, plan } = this
    for (const range of this.pieces.own) {
      for (const piece of cut(range, this.chunk)) {
        const from = piece.offset - plan.holds.offset
        const wait = run.sourceReady?.(from, piece.length)
        if (wait !== undefined) await wait
        const at = piece.offset - plan.keeps.offset
        run.target.set(run.source.subarray(from, from + piece.length), at)
        run.targetReady?.(at, piece.length)
      }
    }
  }
}
