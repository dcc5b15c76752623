import type { TokenizerKind } from '../../config/types.ts'

/** Text ↔ token ids. */
export interface Tokenizer {
  readonly kind: TokenizerKind
  /** Ids are below this. */
  readonly vocabSize: number
  encode(text: string): number[]
  decode(ids: readonly number[]): string
  /** What another thread needs to make the same tokenizer again. */
  readonly state: TokenizerState
}

export type TokenizerState =
  | { readonly kind: 'byte' }
  | { readonly kind: 'char'; readonly characters: readonly string[] }
  | { readonly kind: 'bpe'; readonly merges: readonly (readonly [number, number])[] }
  | { readonly kind: 'gpt2' }
