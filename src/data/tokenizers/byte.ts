import type { Tokenizer } from './tokenizer.ts'

/** UTF-8 bytes: 256 ids, every text round-trips. */
export const byteTokenizer: Tokenizer = {
  kind: 'byte',
  vocabSize: 256,
  encode: (text) => [...new TextEncoder().encode(text)],
  decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids)),
  state: { kind: 'byte' },
}
