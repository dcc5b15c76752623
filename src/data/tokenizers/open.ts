import { bpeTokenizer } from './bpe.ts'
import { byteTokenizer } from './byte.ts'
import { charTokenizer } from './char.ts'
import { withDocumentEnds } from './document-ends.ts'
import { loadGpt2Tokenizer } from './gpt2.ts'
import type { Tokenizer, TokenizerState } from './tokenizer.ts'

/** Recreates a tokenizer from its state, from another thread or a file. */
export async function openTokenizer(state: TokenizerState): Promise<Tokenizer> {
  const tokenizer = await plainTokenizer(state)
  return state.documents ? withDocumentEnds(tokenizer) : tokenizer
}

async function plainTokenizer(state: TokenizerState): Promise<Tokenizer> {
  switch (state.kind) {
    case 'byte':
      return byteTokenizer
    case 'char':
      return charTokenizer(state.characters)
    case 'bpe':
      return bpeTokenizer(state.merges)
    case 'gpt2':
      return loadGpt2Tokenizer()
  }
}
