import type { Tokenizer } from './tokenizer.ts'
import { textOfBytes } from './tokenizer.ts'

/** UTF-8 bytes: 256 ids, every text round-trips. */
export const byteTokenizer: Tokenizer = {
  kind: 'byte',
  vocabSize: 256,
  encode: (text) => new TextEncoder().encode(text),
  decode: (ids, more = false) =>
    textOfBytes(
      Uint8Array.from(ids).filter((_, i) => ids[i]! < 256),
      more,
    ),
  state: { kind: 'byte' },
}
