import type { TokenizerKind } from '../../config/types.ts'

/** Token ids: an array, or a typed array for long texts. */
export type TokenIds = ArrayLike<number> & Iterable<number>

/** Text ↔ token ids. */
export interface Tokenizer {
  readonly kind: TokenizerKind
  /** Ids are below this; at most 65,536. */
  readonly vocabSize: number
  encode(text: string): TokenIds
  /**
   * The text of ids; ids outside the vocabulary are skipped, invalid UTF-8 becomes U+FFFD.
   * @param more further ids will follow: an incomplete character is held back
   */
  decode(ids: TokenIds, more?: boolean): string
  /** The id that ends a document; absent where documents have no end (`data.documents`). */
  readonly endOfText?: number
  /** The state from which another thread can recreate the tokenizer. */
  readonly state: TokenizerState
}

export type TokenizerState = (
  | { readonly kind: 'byte' }
  | { readonly kind: 'char'; readonly characters: readonly string[] }
  | { readonly kind: 'bpe'; readonly merges: readonly (readonly [number, number])[] }
  | { readonly kind: 'gpt2' }
) & { readonly documents?: true }

/** The text of ids via their bytes. A new decoder each time: none is left in the middle of a character. */
export function textOfIds(ids: TokenIds, bytesOf: (id: number) => Uint8Array | undefined, more: boolean): string {
  const parts: Uint8Array[] = []
  let length = 0
  for (const id of ids) {
    const part = bytesOf(id)
    if (!part) continue
    parts.push(part)
    length += part.length
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return textOfBytes(bytes, more)
}

/** Decodes UTF-8 including a byte-order mark, so that texts round-trip. */
export function textOfBytes(bytes: Uint8Array, more: boolean): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: more })
}
