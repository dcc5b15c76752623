import type { SegmentSpec } from './segment.ts'

/**
 * A model family as data: an embedding, blocks and a head, all made of segments. It is a pre-norm transformer: x → x +
 * body(norm(x)). To add one: a file in model/families/ and a row here.
 */
export interface FamilySpec {
  readonly title: string
  readonly embedding: SegmentUse
  /** Name of block i, prefixed to everything in it: "h.3" */
  readonly blockName: (index: number) => string
  readonly block: readonly Sublayer[]
  readonly finalNorm: SegmentUse
  /** Shares the embedding's weight where the model is tied. */
  readonly head: SegmentUse
}

/** x → x + body(norm(x)) */
export interface Sublayer {
  /** Name on the page: "attention", "MLP" */
  readonly title: string
  readonly norm: SegmentUse
  readonly body: SegmentUse
  readonly residual: SegmentUse
}

export interface SegmentUse {
  readonly segment: SegmentSpec
  /** Suffix to the block's name: "attn" */
  readonly name: string
  /** By the segment's role. */
  readonly parameters: Readonly<Record<string, NamedParameter>>
}

export interface NamedParameter {
  /** Suffix of the Hugging Face name: "attn.c_attn.weight" */
  readonly name: string
  readonly init: Init
}

/** `residual`: divided by √(2 · layers), for projections onto the residual stream. */
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
