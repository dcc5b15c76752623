import type { Tokenizer } from './tokenizer.ts'

/**
 * Byte-pair encoding over UTF-8 bytes (Sennrich et al. 2016): ids 0–255 are bytes, id 256 + k is merge k. Words are split
 * before their leading space, and merges never cross words.
 */

type Merge = readonly [number, number]

const WORDS = /\s*\S+|\s+/gu

function bytesOf(word: string): number[] {
  return [...new TextEncoder().encode(word)]
}

const key = (a: number, b: number) => a * 65536 + b

function mergeWord(ids: number[], a: number, b: number, made: number): number[] {
  const out: number[] = []
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === a && ids[i + 1] === b) {
      out.push(made)
      i++
    } else out.push(ids[i]!)
  }
  return out
}

/**
 * Learns merges until `vocabSize` ids exist or no pair occurs twice. Pauses between merges so that a worker can hear a
 * cancel; `onProgress` gets a fraction.
 */
export async function trainBpe(
  text: string,
  vocabSize: number,
  onProgress: (fraction: number) => void = () => {},
  signal?: AbortSignal,
): Promise<Tokenizer> {
  const counts = new Map<string, number>()
  for (const [word] of text.matchAll(WORDS)) counts.set(word, (counts.get(word) ?? 0) + 1)
  const words = [...counts].map(([word, count]) => ({ ids: bytesOf(word), count }))
  // Where each pair occurs: only words that hold the merged pair change.
  const pairs = new Map<number, number>()
  const places = new Map<number, Set<number>>()
  const add = (w: number, sign: number) => {
    const { ids, count } = words[w]!
    for (let i = 0; i + 1 < ids.length; i++) {
      const pair = key(ids[i]!, ids[i + 1]!)
      pairs.set(pair, (pairs.get(pair) ?? 0) + sign * count)
      if (sign > 0) {
        const at = places.get(pair)
        if (at) at.add(w)
        else places.set(pair, new Set([w]))
      }
    }
  }
  for (let w = 0; w < words.length; w++) add(w, 1)
  const merges: Merge[] = []
  while (256 + merges.length < vocabSize) {
    if (merges.length % 16 === 0) {
      onProgress(merges.length / Math.max(1, vocabSize - 256))
      await new Promise((resolve) => setTimeout(resolve, 0))
      signal?.throwIfAborted()
    }
    let best = -1
    let bestCount = 1
    for (const [pair, count] of pairs) if (count > bestCount || (count === bestCount && best >= 0 && pair < best)) [best, bestCount] = [pair, count]
    if (best < 0) break
    const [a, b] = [Math.floor(best / 65536), best % 65536]
    const made = 256 + merges.length
    merges.push([a, b])
    const changed = Array.from(places.get(best)!)
    for (const w of changed) {
      add(w, -1)
      words[w]!.ids = mergeWord(words[w]!.ids, a, b, made)
      add(w, 1)
    }
    pairs.delete(best)
    places.delete(best)
  }
  onProgress(1)
  return bpeTokenizer(merges)
}

export function bpeTokenizer(merges: readonly Merge[]): Tokenizer {
  const rank = new Map(merges.map(([a, b], i) => [key(a, b), i]))
  const pieces: Uint8Array[] = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte))
  for (const [a, b] of merges) pieces.push(Uint8Array.from([...pieces[a]!, ...pieces[b]!]))
  const known = new Map<string, readonly number[]>()
  const encodeWord = (word: string): readonly number[] => {
    const cached = known.get(word)
    if (cached) return cached
    let ids = bytesOf(word)
    for (;;) {
      let best = Infinity
      for (let i = 0; i + 1 < ids.length; i++) best = Math.min(best, rank.get(key(ids[i]!, ids[i + 1]!)) ?? Infinity)
      if (best === Infinity) break
      const [a, b] = merges[best]!
      ids = mergeWord(ids, a, b, 256 + best)
    }
    known.set(word, ids)
    return ids
  }
  return {
    kind: 'bpe',
    vocabSize: 256 + merges.length,
    encode: (text) => [...text.matchAll(WORDS)].flatMap(([word]) => encodeWord(word)),
    decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids.flatMap((id) => [...(pieces[id] ?? [])]))),
    state: { kind: 'bpe', merges },
  }
}
