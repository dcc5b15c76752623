import type { Category } from '../core/bytes.ts'
import type { Dtype } from '../core/dtypes.ts'
import { F32_BYTES } from '../core/dtypes.ts'
import { invariant } from '../core/errors.ts'
import type { BufferId } from '../schedule/buffers.ts'
import { CATEGORY_OF, DTYPE_OF, bufferName } from '../schedule/buffers.ts'
import type { OpDraft } from '../schedule/op-kinds.ts'
import type { BufferSpec, Op, RankProgram, Reuse, RankState, Span } from '../schedule/program.ts'

export type { OpDraft } from '../schedule/op-kinds.ts'

/** A rank's program between passes. Passes return new drafts and do not modify their input. */
export interface RankDraft {
  readonly rank: number
  readonly coordinates: RankProgram['coordinates']
  readonly device: RankProgram['device']
  readonly buffers: readonly BufferSpec[]
  readonly state: RankState
  readonly prologue: readonly OpDraft[]
  readonly step: readonly OpDraft[]
  readonly epilogue: readonly OpDraft[]
}

export function span(buffer: string, length: number, offset = 0): Span {
  return { buffer, offset, length }
}

/** The part [from, from + length) of a logical vector. */
export function sliceSpans(spans: readonly Span[], from: number, length: number): Span[] {
  const parts: Span[] = []
  let start = 0
  for (const each of spans) {
    const low = Math.max(from, start)
    const high = Math.min(from + length, start + each.length)
    if (high > low) parts.push({ buffer: each.buffer, offset: each.offset + low - start, length: high - low })
    start += each.length
  }
  return parts
}

/** Consecutive spans of one buffer, with the lengths of others. */
export function splitLike(name: string, others: readonly { readonly length: number }[]): Span[] {
  let at = 0
  return others.map(({ length }) => span(name, length, (at += length) - length))
}

export function buffersOf(spans: readonly Span[]): string[] {
  return [...new Set(spans.map((each) => each.buffer))]
}

export interface BufferOptions {
  readonly category?: Category
  readonly persistent?: boolean
  readonly home?: BufferSpec['home']
  readonly dtype?: Dtype
}

/**
 * A buffer with its bytes in f32; mixed precision is a later pass (strategy/precision.ts).
 *
 * @param options.category overrides the role's: a message may count as its content does
 */
export function buffer(id: BufferId, elements: number, options: BufferOptions = {}): BufferSpec {
  const { persistent = false, home = 'device', category = CATEGORY_OF[id.role], dtype = DTYPE_OF[id.role] } = options
  const bytes = elements * F32_BYTES[dtype]
  return { ...id, name: bufferName(id), category, elements, dtype, bytes, home, persistent }
}

/** Start of each part. */
export function offsetsOf(parts: readonly number[]): number[] {
  let sum = 0
  return parts.map((part) => (sum += part) - part)
}

/** Numbers the ops, checks that buffer names are unique, and drops buffers that neither ops nor state name. */
export function finishRank(draft: RankDraft, reuse: Reuse): RankProgram {
  let id = 0
  const number = (ops: readonly OpDraft[]): Op[] => ops.map((op) => ({ ...op, id: id++ }))
  const [prologue, step, epilogue] = [number(draft.prologue), number(draft.step), number(draft.epilogue)]
  const used = new Set<string>()
  for (const op of [...prologue, ...step, ...epilogue]) for (const name of [...op.reads, ...op.writes]) used.add(name)
  const buffers = new Map<string, BufferSpec>()
  for (const spec of draft.buffers) {
    if (!spec.persistent && !used.has(spec.name)) continue
    invariant(!buffers.has(spec.name), `rank ${draft.rank} declares ${spec.name} twice`)
    buffers.set(spec.name, spec)
  }
  const { rank, coordinates, device, state } = draft
  return { rank, coordinates, device, buffers, reuse, state, prologue, step, epilogue }
}
