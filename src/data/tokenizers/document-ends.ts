import type { Tokenizer } from './tokenizer.ts'

/** The character that stands for the end of a document where a vocabulary has none for it: no text holds it. */
export const END_CHARACTER = '\0'

/**
 * The same tokenizer with an id that ends a document: GPT-2's own, else that of the character NUL, which every vocabulary of
 * bytes has at 0 and one of characters has there when it was made for documents.
 */
export function withDocumentEnds(tokenizer: Tokenizer): Tokenizer {
  const endOfText = tokenizer.kind === 'gpt2' ? tokenizer.vocabSize - 1 : 0
  return { ...tokenizer, endOfText, state: { ...tokenizer.state, documents: true } }
}

export function hasDocumentEnd({ state }: Tokenizer): boolean {
  return state.kind !== 'char' || state.characters[0] === END_CHARACTER
}
