import { cutNear, textPieces } from './text-pieces.ts'

/** End-of-document mark in a text file, as in GPT-2's training files. */
export const END_OF_TEXT = '<|endoftext|>'

/** The text between two positions, piece by piece; null where a document ends. A mark without a document is ignored. */
export function* documentPieces(text: string, from: number, to: number): Generator<string | null> {
  let begun = false
  for (let at = from; at < to;) {
    const mark = text.indexOf(END_OF_TEXT, at)
    const end = mark < 0 ? to : Math.min(mark, to)
    if (end > at) {
      yield* textPieces(text, at, end)
      begun = true
    }
    if (end === to) return
    if (begun) yield null
    begun = false
    at = end + END_OF_TEXT.length
  }
}

/**
 * A position at or before `at` to split a text of documents: after the last document that ends in the second half
 * before it.
 */
export function cutAtDocument(text: string, at: number): number {
  const mark = text.lastIndexOf(END_OF_TEXT, at - END_OF_TEXT.length)
  if (mark >= at / 2) return mark + END_OF_TEXT.length
  const cut = cutNear(text, at)
  // Never inside a mark.
  const under = text.lastIndexOf(END_OF_TEXT, cut - 1)
  return under >= 0 && under + END_OF_TEXT.length > cut ? under : cut
}
