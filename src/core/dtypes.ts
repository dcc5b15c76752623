/**
 * The role of a buffer's elements in training. Their size depends on the recipe (strategy/recipes.ts); in execution
 * every number is one word.
 */
const DTYPES = [
  /** Weights, activations and their gradients. */
  'working',
  /** Gradients of weights, as accumulated over micro-batches. */
  'gradient',
  /** Gradients of weights while exchanged between ranks. */
  'reduced',
  /** The weights an optimizer updates, where the working ones are too coarse. */
  'master',
  'moment',
  /** Statistics, losses and norms. */
  'f32',
  'u32',
  /** One byte each: masks, and memory with arbitrary content. */
  'byte',
] as const
export type Dtype = (typeof DTYPES)[number]
export type ElementBytes = Readonly<Record<Dtype, number>>

/** Bytes of an f32 or a u32. */
export const WORD_BYTES = 4

/** Training in f32 throughout. */
export const F32_BYTES: ElementBytes = {
  working: WORD_BYTES,
  gradient: WORD_BYTES,
  reduced: WORD_BYTES,
  master: WORD_BYTES,
  moment: WORD_BYTES,
  f32: WORD_BYTES,
  u32: WORD_BYTES,
  byte: 1,
}
