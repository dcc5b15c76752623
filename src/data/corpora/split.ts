import { hashName } from '../../core/philox.ts'
import { Rng } from '../../core/random.ts'
import type { CorpusDocument, Split } from './corpus.ts'

/** One document in this many is kept for validation. */
const HELD_OUT_IN = 32

/** Spreads a hash whose low bits follow the last characters only (the end of MurmurHash3, public domain). */
function mixed(hash: number): number {
  const first = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35)
  return (second ^ (second >>> 16)) >>> 0
}

/** The split of a document, by its given part (by all of it where all of it is learned). */
export function splitOf({ text, lossFrom }: CorpusDocument): Split {
  const given = lossFrom > 0 ? text.slice(0, lossFrom) : text
  return mixed(hashName(given)) % HELD_OUT_IN === 0 ? 'validation' : 'train'
}

/**
 * Document `index` of a split: the first draw of its own stream that belongs to the split. No document can appear in
 * both splits, however small the space they are drawn from.
 */
export function drawFromSplit(
  name: string,
  split: Split,
  index: number,
  draw: (random: Rng) => CorpusDocument,
): CorpusDocument {
  const random = new Rng(CORPUS_SEED, `${name}:${split}`, index)
  for (;;) {
    const document = draw(random)
    if (splitOf(document) === split) return document
  }
}

/** Corpora are the same for everybody: the run's seed orders their samples, but does not generate them. */
const CORPUS_SEED = 7
