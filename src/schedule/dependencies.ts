import type { Op } from './program.ts'

/**
 * The order rule of a Program, for one rank's list of ops. An op waits for
 *   the op before it on its stream,
 *   the last writer of everything it reads or writes,
 *   all readers since then of everything it writes.
 * An accumulating op lists its buffer in both. Executor, clock and validator all use this, so they cannot disagree.
 */

/** What the rule needs to know of an op. */
export type OrderedOp = Pick<Op, 'stream' | 'reads' | 'writes'>

/**
 * Dependencies of all ops in one array: op i waits for `targets[offsets[i]] … targets[offsets[i + 1] − 1]`, indices
 * into the list, ascending. Streams are in order, so of several ops on one stream only the latest is kept, and none
 * that the stream already waited for.
 */
export class Dependencies {
  constructor(
    readonly offsets: Int32Array,
    readonly targets: Int32Array,
  ) {}

  /** The ops that op `index` waits for, ascending; a view, not a copy. */
  of(index: number): Int32Array {
    return this.targets.subarray(this.offsets[index]!, this.offsets[index + 1]!)
  }
}

/** Numbers for names, in order of first use. */
class Names {
  private readonly numbers = new Map<string, number>()

  of(name: string): number {
    let number = this.numbers.get(name)
    if (number === undefined) {
      number = this.numbers.size
      this.numbers.set(name, number)
    }
    return number
  }
}

/**
 * @param ops one rank's ops in list order; whatever precedes the list is finished
 * @param rename the storage behind a buffer name, where several names share one
 */
export function dependenciesOf(ops: readonly OrderedOp[], rename?: (buffer: string) => string): Dependencies {
  const streams = new Names()
  const streamOf = Int32Array.from(ops, (op) => streams.of(op.stream))
  const count = streamOf.reduce((most, stream) => Math.max(most, stream + 1), 0)
  const buffers = new Names()
  const numberOf = rename ? (name: string) => buffers.of(rename(name)) : (name: string) => buffers.of(name)

  const previous = new Int32Array(count).fill(-1)
  /** known[s · count + t]: the latest op of stream t that stream s has waited for. */
  const known = new Int32Array(count * count).fill(-1)
  /** By buffer: its last writer, and the latest reader of each stream since. */
  const writer: number[] = []
  const readers: number[][] = []
  /** The latest op to wait for on each stream, for the current op. */
  const latest = new Int32Array(count).fill(-1)
  const touched: number[] = []

  const offsets = new Int32Array(ops.length + 1)
  let targets = new Int32Array(Math.max(16, ops.length * 2))
  let used = 0

  const wait = (index: number): void => {
    const stream = streamOf[index]!
    if (latest[stream] === -1) touched.push(stream)
    if (latest[stream]! < index) latest[stream] = index
  }

  for (let i = 0; i < ops.length; i++) {
    const op = ops[i]!
    const own = streamOf[i]!
    if (previous[own]! >= 0) wait(previous[own]!)
    for (const name of op.reads) {
      const last = writer[numberOf(name)]
      if (last !== undefined && last >= 0) wait(last)
    }
    for (const name of op.writes) {
      const buffer = numberOf(name)
      const last = writer[buffer]
      if (last !== undefined && last >= 0) wait(last)
      for (const reader of readers[buffer] ?? []) wait(reader)
    }

    if (touched.length > 1) touched.sort((a, b) => latest[a]! - latest[b]!)
    for (const stream of touched) {
      const target = latest[stream]!
      latest[stream] = -1
      if (target <= known[own * count + stream]!) continue
      known[own * count + stream] = target
      if (used === targets.length) {
        const larger = new Int32Array(targets.length * 2)
        larger.set(targets)
        targets = larger
      }
      targets[used++] = target
    }
    touched.length = 0
    offsets[i + 1] = used
    previous[own] = i

    for (const name of op.reads) {
      const buffer = numberOf(name)
      const list = (readers[buffer] ??= [])
      const at = list.findIndex((reader) => streamOf[reader] === own)
      if (at < 0) list.push(i)
      else list[at] = i
      writer[buffer] ??= -1
    }
    for (const name of op.writes) {
      const buffer = numberOf(name)
      writer[buffer] = i
      readers[buffer] = []
    }
  }
  return new Dependencies(offsets, targets.slice(0, used))
}
