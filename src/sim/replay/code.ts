import { CATEGORIES, roundBufferBytes } from '../../core/bytes.ts'
import { invariant } from '../../core/errors.ts'
import { buffersOfOp, type BufferPlace, type FoldedRank, type Stretch, type Template } from '../../schedule/folded.ts'
import type { BufferSpec, Op } from '../../schedule/program.ts'
import { COMPUTE } from '../../strategy/segment-writer.ts'
import { isExchange } from '../cost/cost-model.ts'

/*
 * A folded rank as numbers, for the replay: which streams its ops run on and which buffers they touch, with micro-batches
 * and visits left open. A replay goes through millions of ops; here every name has become an index.
 */

/** A buffer that a rank has once, or once per micro-batch, or once per visit. */
export interface BufferSymbol {
  /** Bytes it takes of its device. */
  readonly bytes: number
  /** Index of its category. */
  readonly category: number
  /** Buffers of equal size class take each other's place. */
  readonly sizeClass: number
  /** It counts against the rank's memory. */
  readonly counts: boolean
  readonly persistent: boolean
}

/** How a stretch finds an instance of a symbol: a fixed one, its micro-batch's, the nth it begins, or one from before. */
export const FIXED = 0
export const OF_MICROBATCH = 1
const OPENED = 2
export const EARLIER = 3

export const READ = 1
export const WRITE = 2

/**
 * Ops of a stretch with what they touch. A *slot* is one instance of a symbol in one repetition; `symbol`, `how`, `which` and
 * `shared` are by slot: first those with a place for a time, in the order in which the ops meet them, then the persistent
 * ones.
 *
 * What only compute touches needs no look at every access, since compute runs in order: the first op waits for whoever had
 * the place before, the last leaves the time of its end there. Shared slots, which exchanges or other streams touch too, are
 * looked at by every op.
 */
export interface StretchCode {
  readonly ops: readonly Op[]
  readonly stream: Int32Array
  /** By op: it is an exchange. */
  readonly exchanges: Uint8Array
  readonly symbol: Int32Array
  readonly how: Uint8Array
  /** The fixed instance, the nth, or how many visits ago. */
  readonly which: Int32Array
  readonly shared: Uint8Array
  /** Slots below this have a place for a time. */
  readonly passing: number
  /** Op i is the first of the stretch to touch slots [first[i], first[i + 1]). */
  readonly first: Int32Array
  /** Op i is the last to touch lastSlot[last[i]] … lastSlot[last[i + 1] − 1]. */
  readonly last: Int32Array
  readonly lastSlot: Int32Array
  /** Op i accesses the shared slots accessed[accesses[i]] … accessed[accesses[i + 1] − 1]. */
  readonly accesses: Int32Array
  readonly accessed: Int32Array
  readonly mode: Uint8Array
  /** Symbols of which instances begin here, and how many. */
  readonly opened: readonly (readonly [symbol: number, count: number])[]
}

/** What ranks that share their templates share. */
interface Library {
  readonly symbols: readonly BufferSymbol[]
  readonly sizeClasses: number
  readonly streams: readonly string[]
  readonly prologue: StretchCode
  readonly epilogue: StretchCode
  readonly head: StretchCode
  readonly templates: readonly StretchCode[]
  readonly tail: StretchCode
}

export interface RankCode extends Library {
  readonly folded: FoldedRank
  /** Ops of the whole step. */
  readonly length: number
}

/** Bytes a buffer takes, as pool and ledger count them. */
function takenBytes(spec: BufferSpec): number {
  return spec.home === 'uniform' ? Math.max(256, spec.bytes) : roundBufferBytes(spec.bytes)
}

class Compiler {
  readonly symbols: BufferSymbol[] = []
  readonly streams: string[] = []
  /** Symbols that others than compute touch. */
  readonly sharedSymbols = new Set<number>()
  private readonly symbolOf = new Map<string, number>()
  private readonly symbolOfSpec = new Map<BufferSpec, number>()
  private readonly sizeClassOf = new Map<string, number>()
  private readonly streamOf = new Map<string, number>()

  constructor(private readonly folded: FoldedRank) {
    // Persistent buffers take their place first, in order.
    for (const spec of folded.rank.buffers.values()) if (spec.persistent) this.symbol(spec)
  }

  get sizeClasses(): number {
    return this.sizeClassOf.size
  }

  private number<Key>(of: Map<Key, number>, key: Key): number {
    let found = of.get(key)
    if (found === undefined) of.set(key, (found = of.size))
    return found
  }

  private symbol(spec: BufferSpec): number {
    let symbol = this.symbolOfSpec.get(spec)
    if (symbol === undefined) this.symbolOfSpec.set(spec, (symbol = this.symbolLike(spec)))
    return symbol
  }

  /** Buffers that differ only in their micro-batch or visit are one symbol. */
  private symbolLike(spec: BufferSpec): number {
    const { role, tensor, copyOf = '', from = '', home, category, persistent } = spec
    const bytes = takenBytes(spec)
    const key = `${role} ${tensor} ${copyOf} ${from} ${bytes} ${spec.microbatch === undefined ? '' : 'm'} ${persistent ? 'p' : ''}`
    const known = this.symbolOf.get(key)
    if (known !== undefined) return known
    this.symbolOf.set(key, this.symbols.length)
    this.symbols.push({
      bytes,
      category: CATEGORIES.indexOf(category),
      sizeClass: this.number(this.sizeClassOf, `${home}:${bytes}`),
      counts: home !== 'host' || this.folded.rank.device === 'cpu',
      persistent,
    })
    return this.symbols.length - 1
  }

  /** @param repeated its micro-batches are open; else they are those that its buffers name */
  read({ ops, places }: Stretch, repeated: boolean): Reading {
    const { buffers } = this.folded.rank
    const slots: Slot[] = []
    /** By buffer of the stretch. */
    const slotOfName = new Map<string, number>()
    const slotOf = new Map<string, number>()
    /** By symbol, the visits that begin here, in order. */
    const opened = new Map<number, number[]>()
    const accesses = ops.map((op) => {
      const isAlone = op.stream === COMPUTE && !isExchange(op)
      return [...buffersOfOp(op)].map((name): readonly [slot: number, mode: number] => {
        let slot = slotOfName.get(name)
        if (slot === undefined) {
          const spec = buffers.get(name)!
          const symbol = this.symbol(spec)
          const [how, which] = this.instance(spec, places.get(name)!, symbol, repeated, opened)
          slot = this.number(slotOf, `${symbol} ${how} ${which}`)
          slots[slot] ??= { symbol, how, which }
          slotOfName.set(name, slot)
        }
        if (!isAlone) this.sharedSymbols.add(slots[slot]!.symbol)
        return [slot, (op.reads.includes(name) ? READ : 0) | (op.writes.includes(name) ? WRITE : 0)]
      })
    })
    const stream = ops.map((op) => {
      const number = this.number(this.streamOf, op.stream)
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
  readonly how: number
  readonly which: number
}

/** A stretch as it is read: only when all are, it is known which symbols are shared. */
interface Reading {
  readonly ops: readonly Op[]
  readonly stream: readonly number[]
  readonly slots: readonly Slot[]
  readonly accesses: readonly (readonly (readonly [slot: number, mode: number])[])[]
  readonly opened: StretchCode['opened']
}

/** Lists, one behind the other, and where each begins. */
function concatenated(lists: readonly (readonly number[])[]): readonly [offsets: Int32Array, values: Int32Array] {
  const offsets = new Int32Array(lists.length + 1)
  lists.forEach((list, i) => (offsets[i + 1] = offsets[i]! + list.length))
  return [offsets, Int32Array.from(lists.flat())]
}

function stretchCode(
  { ops, stream, slots, accesses, opened }: Reading,
  symbols: readonly BufferSymbol[],
  sharedSymbols: ReadonlySet<number>,
): StretchCode {
  const isPersistent = (slot: number) => symbols[slots[slot]!.symbol]!.persistent
  const isShared = (slot: number) => sharedSymbols.has(slots[slot]!.symbol)
  const all = slots.map((_, slot) => slot)
  const passing = all.filter((slot) => !isPersistent(slot))
  const kept = [...passing, ...all.filter((slot) => isPersistent(slot) && isShared(slot))]
  const renumbered = new Int32Array(slots.length).fill(-1)
  kept.forEach((slot, i) => (renumbered[slot] = i))
  const lastOp = new Int32Array(slots.length)
  accesses.forEach((list, i) => list.forEach(([slot]) => (lastOp[slot] = i)))
  const lastOf = ops.map((): number[] => [])
  const first = new Int32Array(ops.length + 1)
  let met = 0
  accesses.forEach((list, i) => {
    for (const [slot] of list) {
      if (isPersistent(slot)) continue
      met = Math.max(met, renumbered[slot]! + 1)
      if (lastOp[slot] === i) lastOf[i]!.push(renumbered[slot]!)
    }
    first[i + 1] = met
  })
  const sharedOf = accesses.map((list) => list.filter(([slot]) => isShared(slot)))
  const [last, lastSlot] = concatenated(lastOf)
  const [offsets, accessed] = concatenated(sharedOf.map((list) => list.map(([slot]) => renumbered[slot]!)))
  return {
    ops,
    stream: Int32Array.from(stream),
    exchanges: Uint8Array.from(ops, (op) => (isExchange(op) ? 1 : 0)),
    symbol: Int32Array.from(kept, (slot) => slots[slot]!.symbol),
    how: Uint8Array.from(kept, (slot) => slots[slot]!.how),
    which: Int32Array.from(kept, (slot) => slots[slot]!.which),
    shared: Uint8Array.from(kept, (slot) => (isShared(slot) ? 1 : 0)),
    passing: passing.length,
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

function fixed(ops: readonly Op[]): Stretch {
  const places = new Map<string, BufferPlace>()
  for (const op of ops) for (const name of buffersOfOp(op)) places.set(name, { kind: 'same' })
  return { ops, places: ops.length === 0 ? NO_PLACES : places, opened: 0 }
}

const libraries = new WeakMap<readonly Template[], Library>()

export function codeOf(folded: FoldedRank): RankCode {
  let library = libraries.get(folded.templates)
  if (library === undefined) libraries.set(folded.templates, (library = libraryOf(folded)))
  const { head, templates, tail } = library
  let length = head.ops.length + tail.ops.length
  for (const template of folded.order) length += templates[template]!.ops.length
  return { ...library, folded, length }
}

function libraryOf(folded: FoldedRank): Library {
  const compiler = new Compiler(folded)
  const prologue = compiler.read(fixed(folded.rank.prologue), false)
  const head = compiler.read(folded.head, false)
  const templates = folded.templates.map((template) => compiler.read(template, true))
  const tail = compiler.read(folded.tail, false)
  const epilogue = compiler.read(fixed(folded.rank.epilogue), false)
  invariant(compiler.symbols.length > 0 || head.ops.length === 0, 'a rank without buffers has nothing to do')
  const { symbols, sizeClasses, streams, sharedSymbols } = compiler
  const code = (reading: Reading) => stretchCode(reading, symbols, sharedSymbols)
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
