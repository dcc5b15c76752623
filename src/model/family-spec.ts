import type { SegmentSpec } from './segment.ts'

/**
 * A model family as data: an embedding, blocks, a head, all made of segments. The mechanism is that of a transformer with
 * norms ahead of its sublayers: x → x + body(norm(x)). To add one: a file in model/families/ and a row here.
 */
export interface FamilySpec {
  readonly title: string
  readonly embedding: SegmentUse
  /** Name of block i, in front of everything in it: "h.3" */
  readonly blockName: (index: number) => string
  readonly block: readonly Sublayer[]
  readonly finalNorm: SegmentUse
  /** Its weight is the embedding's where the model is tied. */
  readonly head: SegmentUse
}

/** x → x + body(norm(x)) */
export interface Sublayer {
  /** What the page calls it: "attention", "MLP" */
  readonly title: string
  readonly norm: SegmentUse
  readonly body: SegmentUse
  readonly residual: SegmentUse
}

export interface SegmentUse {
  readonly segment: SegmentSpec
  /** After the block's name: "attn" */
  readonly name: string
  /** By role of the segment. */
  readonly parameters: Readonly<Record<string, NamedParameter>>
}

export interface NamedParameter {
  /** Hugging Face's, after the block's: "attn.c_attn.weight" */
  readonly name: string
  readonly init: Init
}

/** `residual`: divided by √(2 · layers), for what is added to the residual stream. */
export type Init =
  | { readonly kind: 'normal'; readonly std: number; readonly residual?: true }
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }

export const zeros: Init = { kind: 'zeros' }
export const ones: Init = { kind: 'ones' }

export function normal(std: number): Init {
  return { kind: 'normal', std }
}

export function onResidual(std: number): Init {
  return { kind: 'normal', std, residual: true }
}
