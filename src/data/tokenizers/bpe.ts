import { pacer } from '../pacer.ts'
import { PairHeap } from './pair-heap.ts'
import type { Tokenizer } from './tokenizer.ts'
import { textOfIds } from './tokenizer.ts'

/**
 * Byte-pair encoding over UTF-8 bytes (Sennrich et al. 2016): ids 0–255 are bytes, id 256 + k is merge k. Merges never
 * cross words; a word includes the space before it, and letters, digits and signs form separate words (Radford et al.
 * 2019), so that a word is encoded alike everywhere.
 */

type Merge = readonly [left: number, right: number]

const WORD_PATTERN = / ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s/gu

/** Further merges learn nothing from the intended texts, and a pair has to fit a number. */
export const MAX_BPE_IDS = 32768

const pairOf = (left: number, right: number) => left * 65536 + right
const mergeOf = (pair: number): Merge => [Math.floor(pair / 65536), pair % 65536]

/** Replaces each `left right` by `made`, in place. */
function mergeInto(ids: number[], left: number, right: number, made: number): void {
  let to = 0
  for (let from = 0; from < ids.length; from++) {
    if (ids[from] === left && ids[from + 1] === right) {
      ids[to++] = made
      from++
    } else ids[to++] = ids[from]!
  }
  ids.length = to
}

interface Word {
  readonly ids: number[]
  readonly count: number
}

async function countWords(texts: Iterable<string>, pace: () => Promise<void> | undefined): Promise<Word[]> {
  const counts = new Map<string, number>()
  for (const text of texts) {
    await pace()
    for (const [word] of text.matchAll(WORD_PATTERN)) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  const encoder = new TextEncoder()
  return Array.from(counts, ([word, count]) => ({ ids: [...encoder.encode(word)], count }))
}

/** Count of each pair, and the words it occurs in: only those change when it is merged. */
class PairCounts {
  readonly counts = new Map<number, number>()
  private readonly places = new Map<number, Set<number>>()

  constructor(private readonly words: readonly Word[]) {
    for (let w = 0; w < words.length; w++) this.add(w, 1)
  }

  private add(w: number, sign: 1 | -1): void {
    const { ids, count } = this.words[w]!
    for (let i = 0; i + 1 < ids.length; i++) {
      const pair = pairOf(ids[i]!, ids[i + 1]!)
      this.counts.set(pair, (this.counts.get(pair) ?? 0) + sign * count)
      if (sign < 0) continue
      const at = this.places.get(pair)
      if (at) at.add(w)
      else this.places.set(pair, new Set([w]))
    }
  }

  /** Merges a pair everywhere; returns the pairs that include the new token. */
  merge(pair: number, made: number): Set<number> {
    const [left, right] = mergeOf(pair)
    const fresh = new Set<number>()
    for (const w of this.places.get(pair) ?? []) {
      const { ids } = this.words[w]!
      this.add(w, -1)
      mergeInto(ids, left, right, made)
      this.add(w, 1)
      for (let i = 0; i + 1 < ids.length; i++)
        if (ids[i] === made || ids[i + 1] === made) fresh.add(pairOf(ids[i]!, ids[i + 1]!))
    }
    this.counts.delete(pair)
    this.places.delete(pair)
    return fresh
  }
}

/**
 * Learns merges until `vocabSize` ids exist or no pair occurs twice. Yields now and then, so that a worker can receive
 * a cancellation; `onProgress` gets a fraction.
 */
export async function trainBpe(
  texts: Iterable<string>,
  vocabSize: number,
  onProgress: (fraction: number) => void = () => {},
  signal?: AbortSignal,
): Promise<Tokenizer> {
  const pace = pacer(signal)
  const pairs = new PairCounts(await countWords(texts, pace))
  const heap = new PairHeap()
  for (const [pair, count] of pairs.counts) heap.push({ pair, count })
  const merges: Merge[] = []
  const mergeCount = Math.min(vocabSize, MAX_BPE_IDS) - 256
  while (merges.length < mergeCount) {
    const paused = pace()
    if (paused) {
      onProgress(merges.length / mergeCount)
      await paused
    }
    const best = heap.pop()
    if (!best) break
    // Counts in the heap may be stale: entries whose count fell are reinserted.
    const count = pairs.counts.get(best.pair) ?? 0
    if (count < 2) continue
    if (count !== best.count) {
      if (count < best.count) heap.push({ pair: best.pair, count })
      continue
    }
    const made = 256 + merges.length
    merges.push(mergeOf(best.pair))
    for (const pair of pairs.merge(best.pair, made)) heap.push({ pair, count: pairs.counts.get(pair)! })
  }
  onProgress(1)
  return bpeTokenizer(merges)
}

/** Size of the cache of encoded words: texts repeat them. */
const MAX_KNOWN_WORDS = 65536

export function bpeTokenizer(merges: readonly Merge[]): Tokenizer {
  const rankOf = new Map(merges.map(([left, right], rank) => [pairOf(left, right), rank]))
  const pieces: Uint8Array[] = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte))
  for (const [left, right] of merges) pieces.push(Uint8Array.from([...pieces[left]!, ...pieces[right]!]))
  const encoder = new TextEncoder()
  const known = new Map<string, readonly number[]>()

  const encodeWord = (word: string): readonly number[] => {
    const ids = [...encoder.encode(word)]
    for (;;) {
      let best = Infinity
      for (let i = 0; i + 1 < ids.length; i++)
        best = Math.min(best, rankOf.get(pairOf(ids[i]!, ids[i + 1]!)) ?? Infinity)
      if (best === Infinity) return ids
      const [left, right] = merges[best]!
      mergeInto(ids, left, right, 256 + best)
    }
  }

  const encode = (text: string): number[] => {
    const out: number[] = []
    for (const [word] of text.matchAll(WORD_PATTERN)) {
      let ids = known.get(word)
      if (!ids) {
        ids = encodeWord(word)
        if (known.size < MAX_KNOWN_WORDS) known.set(word, ids)
      }
      for (const id of ids) out.push(id)
    }
    return out
  }

  return {
    kind: 'bpe',
    vocabSize: 256 + merges.length,
    encode,
    decode: (ids, more = false) => textOfIds(ids, (id) => pieces[id], more),
    state: { kind: 'bpe', merges },
  }
}
