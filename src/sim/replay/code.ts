import { CATEGORIES, roundBufferBytes } from '../../core/bytes.ts'
import { invariant } from '../../core/errors.ts'
import { buffersOfOp, type BufferPlace, type FoldedRank, type Stretch, type Template } from '../../schedule/folded.ts'
import type { BufferSpec, Op } from '../../schedule/program.ts'

/*
 * A folded rank as numbers, for the replay: which streams its ops run on and which buffers they touch, with micro-batches
 * and visits left open. A replay goes through millions of ops; here every name has become an index.
 */

/** A buffer that a rank has once, or once per micro-batch, or once per visit. */
export interface Symbol {
  readonly spec: BufferSpec
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

/** Ops of a stretch with what they touch: accesses of op i are [offsets[i], offsets[i + 1]). */
export interface StretchCode {
  readonly ops: readonly Op[]
  readonly stream: Int32Array
  readonly offsets: Int32Array
  readonly symbol: Int32Array
  readonly how: Uint8Array
  /** The fixed instance, the nth, or how many visits ago. */
  readonly which: Int32Array
  readonly mode: Uint8Array
  /** Symbols of which instances begin here, and how many. */
  readonly opened: readonly (readonly [symbol: number, count: number])[]
}

/** What ranks that share their templates share. */
interface Library {
  readonly symbols: readonly Symbol[]
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
  readonly symbols: Symbol[] = []
  readonly streams: string[] = []
  private readonly symbolOf = new Map<string, number>()
  private readonly sizeClassOf = new Map<string, number>()
  private readonly streamOf = new Map<string, number>()

  constructor(private readonly folded: FoldedRank) {
    // Persistent buffers take their place first, in order.
    for (const spec of folded.rank.buffers.values()) if (spec.persistent) this.symbol(spec)
  }

  get sizeClasses(): number {
    return this.sizeClassOf.size
  }

  private number(of: Map<string, number>, key: string): number {
    let found = of.get(key)
    if (found === undefined) of.set(key, (found = of.size))
    return found
  }

  private symbol(spec: BufferSpec): number {
    const { role, tensor, copyOf = '', from = '', home, category, persistent } = spec
    const bytes = takenBytes(spec)
    const key = `${role} ${tensor} ${copyOf} ${from} ${bytes} ${spec.microbatch === undefined ? '' : 'm'} ${persistent ? 'p' : ''}`
    const known = this.symbolOf.get(key)
    if (known !== undefined) return known
    this.symbolOf.set(key, this.symbols.length)
    this.symbols.push({
      spec,
      bytes,
      category: CATEGORIES.indexOf(category),
      sizeClass: this.number(this.sizeClassOf, `${home}:${bytes}`),
      counts: home !== 'host' || this.folded.rank.device === 'cpu',
      persistent,
    })
    return this.symbols.length - 1
  }

  /** @param repeated its micro-batches are open; else they are those that its buffers name */
  stretch({ ops, places }: Stretch, repeated: boolean): StretchCode {
    const { buffers } = this.folded.rank
    const offsets = new Int32Array(ops.length + 1)
    const stream = new Int32Array(ops.length)
    const symbols: number[] = []
    const how: number[] = []
    const which: number[] = []
    const mode: number[] = []
    /** By symbol, the visits that begin here, in order. */
    const opened = new Map<number, number[]>()
    ops.forEach((op, i) => {
      stream[i] = this.number(this.streamOf, op.stream)
      if (stream[i] === this.streams.length) this.streams.push(op.stream)
      const writes = new Set(op.writes)
      const reads = new Set(op.reads)
      for (const name of buffersOfOp(op)) {
        const spec = buffers.get(name)!
        const symbol = this.symbol(spec)
        const [kind, at] = this.instance(spec, places.get(name)!, symbol, repeated, opened)
        symbols.push(symbol)
        how.push(kind)
        which.push(at)
        mode.push((reads.has(name) ? READ : 0) | (writes.has(name) ? WRITE : 0))
      }
      offsets[i + 1] = symbols.length
    })
    return {
      ops,
      stream,
      offsets,
      symbol: Int32Array.from(symbols),
      how: Uint8Array.from(how),
      which: Int32Array.from(which),
      mode: Uint8Array.from(mode),
      opened: [...opened].map(([symbol, visits]) => [symbol, visits.length] as const),
    }
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
  const prologue = compiler.stretch(fixed(folded.rank.prologue), false)
  const head = compiler.stretch(folded.head, false)
  const templates = folded.templates.map((template: Template) => compiler.stretch(template, true))
  const tail = compiler.stretch(folded.tail, false)
  const epilogue = compiler.stretch(fixed(folded.rank.epilogue), false)
  invariant(compiler.symbols.length > 0 || head.ops.length === 0, 'a rank without buffers has nothing to do')
  const { symbols, sizeClasses, streams } = compiler
  return { symbols, sizeClasses, streams, prologue, epilogue, head, templates, tail }
}
