import type { SegmentKind } from '../../core/segments.ts'
import type { SegmentSpec } from '../segment.ts'
import { attention, attentionCore } from './attention.ts'
import { embedding, tokenEmbedding } from './embedding.ts'
import { gatedMlp } from './gated-mlp.ts'
import { logits, loss, lossSharded, lossStats } from './head.ts'
import { mlp } from './mlp.ts'
import { norm } from './norm.ts'
import { biasResidual, plainResidual } from './residual.ts'
import { rmsNorm } from './rms-norm.ts'
import { rotaryAttention } from './rotary-attention.ts'

/** Segments by kind: to add one, a file in this directory and a row here. */
const SEGMENTS: Readonly<Record<SegmentKind, SegmentSpec>> = {
  embedding,
  tokenEmbedding,
  norm,
  rmsNorm,
  attention,
  rotaryAttention,
  attentionCore,
  mlp,
  gatedMlp,
  biasResidual,
  residual: plainResidual,
  logits,
  loss,
  lossStats,
  lossSharded,
}

export function segmentOf(kind: SegmentKind): SegmentSpec {
  return SEGMENTS[kind]
}
