/** Characters of a text that are tokenized at once. */
const PIECE = 1 << 15
/** How far back a cut looks for a space. */
const REACH = 512

const space = (text: string, at: number) => /\s/.test(text.charAt(at))

/**
 * A place near `at` (not after it) where a text can be cut without parting a word: behind a line's end or before a space
 * that stand alone, so that no tokenizer sees another run of spaces than in the whole; else between two characters.
 */
export function cutNear(text: string, at: number): number {
  if (at >= text.length) return text.length
  const least = Math.max(1, at - REACH)
  for (let i = at; i > least; i--) if (text[i - 1] === '\n' && !space(text, i) && !space(text, i - 2)) return i
  for (let i = at; i > least; i--) if (text[i] === ' ' && !space(text, i - 1) && !space(text, i + 1)) return i
  // Never between the two halves of a character beyond the basic plane.
  const high = text.charCodeAt(at - 1)
  return high >= 0xd800 && high < 0xdc00 ? at - 1 : at
}

/** The text between two places in pieces cut at words: tokenized one by one they give the ids of the whole. */
export function* textPieces(text: string, from: number, to: number): Generator<string> {
  for (let at = from; at < to;) {
    const cut = at + PIECE >= to ? to : Math.max(cutNear(text, at + PIECE), at + 1)
    yield text.slice(at, cut)
    at = cut
  }
}
