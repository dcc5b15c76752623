import { CATEGORIES, roundBufferBytes } from '../../core/bytes.ts'
import { invariant } from '../../core/errors.ts'
import { buffersOfOp, type BufferPlace, type FoldedRank, type Stretch, type Template } from '../../schedule/folded.ts'
import type { BufferSpec, Op } from '../../schedule/program.ts'
import { COMPUTE } from '../../strategy/segment-writer.ts'
import { isExchange } from '../../schedule/op-kinds.ts'

/*
 * A folded rank compiled to indices for the replay: the streams its ops run on and the buffers they touch, with
 * micro-batches and visits left open. A replay walks millions of ops, so every name is resolved to an index here.
 */

/** A buffer that exists once per rank, per micro-batch or per visit. */
export interface BufferSymbol {
  /** Bytes allocated on its device. */
  readonly bytes: number
  /** Index of its category. */
  readonly category: number
  /** Buffers of the same size class can reuse each other's place. */
  readonly sizeClass: number
  /** Whether it counts against the rank's memory. */
  readonly counted: boolean
  readonly persistent: boolean
}

/**
 * How a stretch looks up an instance of a symbol: fixed, by its micro-batch, the nth it opens, or one opened earlier.
 */
export const FIXED = 0
export const OF_MICROBATCH = 1
const OPENED = 2
export const EARLIER = 3

export const READ = 1
export const WRITE = 2

/**
 * Ops of a stretch and the buffers they touch. A *slot* is one instance of a symbol in one repetition; `symbol`,
 * `lookup`, `lookupIndex` and `shared` are indexed by slot: transient slots first, in order of first access, then
 * persistent ones.
 *
 * Compute runs in order, so slots that only compute touches are not checked at every access: the first op waits for the
 * previous user of the place, the last op records its end there. Shared slots, which exchanges or other streams touch
 * too, are checked by every op.
 */
export interface StretchCode {
  readonly ops: readonly Op[]
  readonly stream: Int32Array
  /** By op: 1 for an exchange. */
  readonly exchanges: Uint8Array
  readonly symbol: Int32Array
  readonly lookup: Uint8Array
  /** The fixed instance, the nth opened, or how many visits back. */
  readonly lookupIndex: Int32Array
  readonly shared: Uint8Array
  /** Slots below this are transient: they hold a place only between their first and last use. */
  readonly transientSlots: number
  /** Op i is the first of the stretch to touch slots [first[i], first[i + 1]). */
  readonly first: Int32Array
  /** Op i is the last to touch lastSlot[last[i]] … lastSlot[last[i + 1] − 1]. */
  readonly last: Int32Array
  readonly lastSlot: Int32Array
  /** Op i accesses the shared slots accessed[accesses[i]] … accessed[accesses[i + 1] − 1]. */
  readonly accesses: Int32Array
  readonly accessed: Int32Array
  readonly mode: Uint8Array
  /** Symbols with visits opened here, and how many. */
  readonly opened: readonly (readonly [symbol: number, count: number])[]
}

/** Compiled once for all ranks with the same templates. */
interface SharedCode {
  readonly symbols: readonly BufferSymbol[]
  readonly sizeClasses: number
  readonly streams: readonly string[]
  readonly prologue: StretchCode
  readonly epilogue: StretchCode
  readonly head: StretchCode
  readonly templates: readonly StretchCode[]
  readonly tail: StretchCode
}

export interface RankCode extends SharedCode {
  readonly folded: FoldedRank
  /** Ops of the whole step. */
  readonly length: number
}

/** Bytes allocated for a buffer, as the pool and the ledger count them. */
function allocatedBytes(spec: BufferSpec): number {
  return spec.home === 'uniform' ? Math.max(256, spec.bytes) : roundBufferBytes(spec.bytes)
}

class Compiler {
  readonly symbols: BufferSymbol[] = []
  readonly streams: string[] = []
  /** Symbols touched by exchanges or by other streams than compute. */
  readonly sharedSymbols = new Set<number>()
  private readonly symbolOf = new Map<string, number>()
  private readonly symbolOfSpec = new Map<BufferSpec, number>()
  private readonly sizeClassOf = new Map<string, number>()
  private readonly streamOf = new Map<string, number>()

  constructor(private readonly folded: FoldedRank) {
    // Persistent buffers are allocated first, in order.
    for (const spec of folded.rank.buffers.values()) if (spec.persistent) this.symbol(spec)
  }

  get sizeClasses(): number {
    return this.sizeClassOf.size
  }

  private indexOf<Key>(of: Map<Key, number>, key: Key): number {
    let found = of.get(key)
    if (found === undefined) of.set(key, (found = of.size))
    return found
  }

  private symbol(spec: BufferSpec): number {
    let symbol = this.symbolOfSpec.get(spec)
    if (symbol === undefined) this.symbolOfSpec.set(spec, (symbol = this.symbolByKey(spec)))
    return symbol
  }

  /** Buffers that differ only in their micro-batch or visit are one symbol. */
  private symbolByKey(spec: BufferSpec): number {
    const { role, tensor, copyOf = '', from = '', home, category, persistent } = spec
    const bytes = allocatedBytes(spec)
    const key = `${role} ${tensor} ${copyOf} ${from} ${bytes} ${spec.microbatch === undefined ? '' : 'm'} ${persistent ? 'p' : ''}`
    const known = this.symbolOf.get(key)
    if (known !== undefined) return known
    this.symbolOf.set(key, this.symbols.length)
    this.symbols.push({
      bytes,
      category: CATEGORIES.indexOf(category),
      sizeClass: this.indexOf(this.sizeClassOf, `${home}:${bytes}`),
      counted: home !== 'host' || this.folded.rank.device === 'cpu',
      persistent,
    })
    return this.symbols.length - 1
  }

  /** @param repeated micro-batches are left open; otherwise they are the ones its buffers name */
  scan({ ops, places }: Stretch, repeated: boolean): ScannedStretch {
    const { buffers } = this.folded.rank
    const slots: Slot[] = []
    const slotOfName = new Map<string, number>()
    const slotOf = new Map<string, number>()
    /** By symbol: the visits opened here, in order. */
    const opened = new Map<number, number[]>()
    const accesses = ops.map((op) => {
      const isOrdered = op.stream === COMPUTE && !isExchange(op)
      return [...buffersOfOp(op)].map((name): readonly [slot: number, mode: number] => {
        let slot = slotOfName.get(name)
        if (slot === undefined) {
          const spec = buffers.get(name)!
          const symbol = this.symbol(spec)
          const [lookup, lookupIndex] = this.instance(spec, places.get(name)!, symbol, repeated, opened)
          slot = this.indexOf(slotOf, `${symbol} ${lookup} ${lookupIndex}`)
          slots[slot] ??= { symbol, lookup, lookupIndex }
          slotOfName.set(name, slot)
        }
        if (!isOrdered) this.sharedSymbols.add(slots[slot]!.symbol)
        return [slot, (op.reads.includes(name) ? READ : 0) | (op.writes.includes(name) ? WRITE : 0)]
      })
    })
    const stream = ops.map((op) => {
      const number = this.indexOf(this.streamOf, op.stream)
      if (number === this.streams.length) this.streams.push(op.stream)
      return number
    })
    return { ops, stream, slots, accesses, opened: [...opened].map(([symbol, visits]) => [symbol, visits.length]) }
  }

  private instance(
    spec: BufferSpec,
    place: BufferPlace,
    symbol: number,
    repeated: boolean,
    opened: Map<number, number[]>,
  ): readonly [number, number] {
    switch (place.kind) {
      case 'same':
        return [FIXED, 0]
      case 'microbatch':
        return repeated ? [OF_MICROBATCH, 0] : [FIXED, spec.microbatch!]
      case 'opened': {
        const visits = opened.get(symbol) ?? []
        opened.set(symbol, visits)
        if (!visits.includes(place.nth)) visits.push(place.nth)
        return [OPENED, visits.indexOf(place.nth)]
      }
      case 'earlier':
        return [EARLIER, place.back]
    }
  }
}

interface Slot {
  readonly symbol: number
  readonly lookup: number
  readonly lookupIndex: number
}

/** First pass over a stretch: which symbols are shared is known only after all stretches are scanned. */
interface ScannedStretch {
  readonly ops: readonly Op[]
  readonly stream: readonly number[]
  readonly slots: readonly Slot[]
  readonly accesses: readonly (readonly (readonly [slot: number, mode: number])[])[]
  readonly opened: StretchCode['opened']
}

/** The lists concatenated, and the offset of each. */
function concatenated(lists: readonly (readonly number[])[]): readonly [offsets: Int32Array, values: Int32Array] {
  const offsets = new Int32Array(lists.length + 1)
  lists.forEach((list, i) => (offsets[i + 1] = offsets[i]! + list.length))
  return [offsets, Int32Array.from(lists.flat())]
}

function stretchCode(
  { ops, stream, slots, accesses, opened }: ScannedStretch,
  symbols: readonly BufferSymbol[],
  sharedSymbols: ReadonlySet<number>,
): StretchCode {
  const isPersistent = (slot: number) => symbols[slots[slot]!.symbol]!.persistent
  const isShared = (slot: number) => sharedSymbols.has(slots[slot]!.symbol)
  const all = slots.map((_, slot) => slot)
  const transient = all.filter((slot) => !isPersistent(slot))
  const kept = [...transient, ...all.filter((slot) => isPersistent(slot) && isShared(slot))]
  const renumbered = new Int32Array(slots.length).fill(-1)
  kept.forEach((slot, i) => (renumbered[slot] = i))
  const lastOp = new Int32Array(slots.length)
  accesses.forEach((list, i) => list.forEach(([slot]) => (lastOp[slot] = i)))
  const lastOf = ops.map((): number[] => [])
  const first = new Int32Array(ops.length + 1)
  let seen = 0
  accesses.forEach((list, i) => {
    for (const [slot] of list) {
      if (isPersistent(slot)) continue
      seen = Math.max(seen, renumbered[slot]! + 1)
      if (lastOp[slot] === i) lastOf[i]!.push(renumbered[slot]!)
    }
    first[i + 1] = seen
  })
  const sharedOf = accesses.map((list) => list.filter(([slot]) => isShared(slot)))
  const [last, lastSlot] = concatenated(lastOf)
  const [offsets, accessed] = concatenated(sharedOf.map((list) => list.map(([slot]) => renumbered[slot]!)))
  return {
    ops,
    stream: Int32Array.from(stream),
    exchanges: Uint8Array.from(ops, (op) => (isExchange(op) ? 1 : 0)),
    symbol: Int32Array.from(kept, (slot) => slots[slot]!.symbol),
    lookup: Uint8Array.from(kept, (slot) => slots[slot]!.lookup),
    lookupIndex: Int32Array.from(kept, (slot) => slots[slot]!.lookupIndex),
    shared: Uint8Array.from(kept, (slot) => (isShared(slot) ? 1 : 0)),
    transientSlots: transient.length,
    first,
    last,
    lastSlot,
    accesses: offsets,
    accessed,
    mode: Uint8Array.from(sharedOf.flat(), ([, mode]) => mode),
    opened,
  }
}

const NO_PLACES: ReadonlyMap<string, BufferPlace> = new Map()

function fixedStretch(ops: readonly Op[]): Stretch {
  const places = new Map<string, BufferPlace>()
  for (const op of ops) for (const name of buffersOfOp(op)) places.set(name, { kind: 'same' })
  return { ops, places: ops.length === 0 ? NO_PLACES : places, opened: 0 }
}

const sharedCodes = new WeakMap<readonly Template[], SharedCode>()

export function codeOf(folded: FoldedRank): RankCode {
  let shared = sharedCodes.get(folded.templates)
  if (shared === undefined) sharedCodes.set(folded.templates, (shared = compileShared(folded)))
  const { head, templates, tail } = shared
  let length = head.ops.length + tail.ops.length
  for (const template of folded.order) length += templates[template]!.ops.length
  return { ...shared, folded, length }
}

function compileShared(folded: FoldedRank): SharedCode {
  const compiler = new Compiler(folded)
  const prologue = compiler.scan(fixedStretch(folded.rank.prologue), false)
  const head = compiler.scan(folded.head, false)
  const templates = folded.templates.map((template) => compiler.scan(template, true))
  const tail = compiler.scan(folded.tail, false)
  const epilogue = compiler.scan(fixedStretch(folded.rank.epilogue), false)
  invariant(compiler.symbols.length > 0 || head.ops.length === 0, 'a rank without buffers has nothing to do')
  const { symbols, sizeClasses, streams, sharedSymbols } = compiler
  const code = (scanned: ScannedStretch) => stretchCode(scanned, symbols, sharedSymbols)
  return {
    symbols,
    sizeClasses,
    streams,
    prologue: code(prologue),
    epilogue: code(epilogue),
    head: code(head),
    templates: templates.map(code),
    tail: code(tail),
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
