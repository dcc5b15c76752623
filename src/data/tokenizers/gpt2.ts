import type { Tokenizer } from './tokenizer.ts'

/** GPT-2's byte-pair encoding, 50,257 ids; its tables are loaded when first asked for. */
export async function loadGpt2Tokenizer(): Promise<Tokenizer> {
  const { encode, decode } = await import('gpt-tokenizer/encoding/r50k_base')
  return {
    kind: 'gpt2',
    vocabSize: 50257,
    // Without this option encode throws on "<|endoftext|>" in a person's text.
    encode: (text) => encode(text, { disallowedSpecial: new Set() }),
    decode: (ids) => decode([...ids]),
    state: { kind: 'gpt2' },
  }
}
