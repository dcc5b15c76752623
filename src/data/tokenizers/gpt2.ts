import { END_OF_TEXT } from '../documents.ts'
import type { Tokenizer } from './tokenizer.ts'
import { textOfIds } from './tokenizer.ts'

const END_OF_TEXT_ID = 50256

/** GPT-2's byte-pair encoding, 50,257 ids; its tables are loaded on first use. */
export async function loadGpt2Tokenizer(): Promise<Tokenizer> {
  const [{ encode }, { default: tokens }] = await Promise.all([
    import('gpt-tokenizer/encoding/r50k_base'),
    import('gpt-tokenizer/bpeRanks/r50k_base'),
  ])
  // The package's own decode buffers an incomplete character for its next call, which would corrupt another text.
  const encoder = new TextEncoder()
  const bytesOf = (id: number): Uint8Array | undefined => {
    const token = id === END_OF_TEXT_ID ? END_OF_TEXT : tokens[id]
    return typeof token === 'string' ? encoder.encode(token) : token && Uint8Array.from(token)
  }
  return {
    kind: 'gpt2',
    vocabSize: 50257,
    // Otherwise encode throws on "<|endoftext|>" in a user's text.
    encode: (text) => encode(text, { disallowedSpecial: new Set() }),
    decode: (ids, more = false) => textOfIds(ids, bytesOf, more),
    state: { kind: 'gpt2' },
  }
}
