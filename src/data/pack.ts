import { invariant } from '../core/errors.ts'
import type { CorpusDocument } from './corpora/corpus.ts'
import { GrowableUint16Array } from './growable-array.ts'
import type { Tokenizer } from './tokenizers/tokenizer.ts'

/** Sequences of `width` tokens, concatenated, and whether each token counts as a target. */
export interface Packed {
  readonly tokens: Uint16Array
  readonly weights: Uint8Array
  readonly sequences: number
}

type Pace = () => Promise<void> | undefined

/**
 * Documents packed into sequences of `width` tokens. Each sequence begins at the start of a document; the part of its
 * last one that does not fit is dropped, so that no answer lacks its question. Sequences without targets are dropped
 * too.
 */
export async function packDocuments(
  documents: Iterable<CorpusDocument>,
  tokenizer: Tokenizer,
  width: number,
  pace: Pace,
): Promise<Packed> {
  const tokens = new GrowableUint16Array()
  const weights = new GrowableUint16Array()
  let start = 0
  let counted = false
  for (const { text, lossFrom } of documents) {
    await pace()
    // Encoded separately, so that a prompt on its own gives the same ids.
    const given = lossFrom > 0 ? tokenizer.encode(text.slice(0, lossFrom)) : []
    const learned = tokenizer.encode(text.slice(lossFrom))
    const room = start + width - tokens.length
    const take = Math.min(room, given.length + learned.length)
    for (let i = 0; i < take; i++) {
      const learns = i >= given.length
      // The first token of a sequence is never a target.
      if (learns && tokens.length > start) counted = true
      tokens.push(learns ? learned[i - given.length]! : given[i]!)
      weights.push(learns ? 1 : 0)
    }
    if (tokens.length < start + width) continue
    if (!counted) {
      tokens.truncate(start)
      weights.truncate(start)
    }
    start = tokens.length
    counted = false
  }
  tokens.truncate(start)
  weights.truncate(start)
  return { tokens: tokens.take(), weights: Uint8Array.from(weights.take()), sequences: start / width }
}

/**
 * Continuous text, split wherever a sequence is full; every token counts. A null among its pieces is the end of a
 * document: its id is learned like any other.
 */
export async function packText(
  pieces: Iterable<string | null>,
  tokenizer: Tokenizer,
  width: number,
  pace: Pace,
): Promise<Packed> {
  const tokens = new GrowableUint16Array()
  for (const piece of pieces) {
    await pace()
    if (piece !== null) for (const id of tokenizer.encode(piece)) tokens.push(id)
    else {
      invariant(tokenizer.endOfText !== undefined, 'this tokenizer ends no documents')
      tokens.push(tokenizer.endOfText)
    }
  }
  const sequences = Math.floor(tokens.length / width)
  tokens.truncate(sequences * width)
  return { tokens: tokens.take(), weights: new Uint8Array(sequences * width).fill(1), sequences }
}
