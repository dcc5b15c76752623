/** Characters of a text that are tokenized at once. */
const PIECE_CHARACTERS = 1 << 15
/** How far back to look for a space to split at. */
const SEARCH_CHARACTERS = 512

const space = (text: string, at: number) => /\s/.test(text.charAt(at))

/**
 * A position at or before `at` where splitting a text does not change its tokens: after a line break or before a single
 * space, so that no tokenizer sees a different run of spaces than in the whole; else between two characters.
 */
export function cutNear(text: string, at: number): number {
  if (at >= text.length) return text.length
  const least = Math.max(1, at - SEARCH_CHARACTERS)
  for (let i = at; i > least; i--) if (text[i - 1] === '\n' && !space(text, i) && !space(text, i - 2)) return i
  for (let i = at; i > least; i--) if (text[i] === ' ' && !space(text, i - 1) && !space(text, i + 1)) return i
  // Never between the surrogates of a pair.
  const high = text.charCodeAt(at - 1)
  return high >= 0xd800 && high < 0xdc00 ? at - 1 : at
}

/** The text between two positions in pieces split at words: tokenized separately they give the ids of the whole. */
export function* textPieces(text: string, from: number, to: number): Generator<string> {
  for (let at = from; at < to;) {
    const cut = at + PIECE_CHARACTERS >= to ? to : Math.max(cutNear(text, at + PIECE_CHARACTERS), at + 1)
    yield text.slice(at, cut)
    at = cut
  }
}
