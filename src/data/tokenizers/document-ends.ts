import type { Tokenizer } from './tokenizer.ts'

/** The character that marks the end of a document where a vocabulary has no mark: no text contains it. */
export const END_CHARACTER = '\0'

/**
 * The same tokenizer with an id that ends a document: GPT-2's own, else that of NUL, which is 0 in every byte
 * vocabulary and in character vocabularies built for documents.
 */
export function withDocumentEnds(tokenizer: Tokenizer): Tokenizer {
  const endOfText = tokenizer.kind === 'gpt2' ? tokenizer.vocabSize - 1 : 0
  return { ...tokenizer, endOfText, state: { ...tokenizer.state, documents: true } }
}

export function hasDocumentEnd({ state }: Tokenizer): boolean {
  return state.kind !== 'char' || state.characters[0] === END_CHARACTER
}
