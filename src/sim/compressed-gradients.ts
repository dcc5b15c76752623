import type { StepSetup } from './step-setup.ts'

/** Bytes of a kept element: value and index. */
const TOPK_BYTES = 8

/** What a replica's gradients of `parameters` are on the wire: summed on the way, or gathered from everybody. */
export interface GradientWire {
  readonly kind: 'allReduce' | 'allGather'
  /** The whole vector: of a gather, the parts of all replicas. */
  readonly bytes: number
}

/** @param plainBytes of an element without compression */
export function gradientWire(s: StepSetup, parameters: number, plainBytes: number): GradientWire {
  const { compression = { kind: 'none' } } = s
  switch (compression.kind) {
    case 'none':
      return { kind: 'allReduce', bytes: parameters * plainBytes }
    case 'fp16':
      return { kind: 'allReduce', bytes: parameters * 2 }
    case 'int8':
      return { kind: 'allReduce', bytes: parameters }
    case 'topk':
      return { kind: 'allGather', bytes: s.data * parameters * compression.ratio * TOPK_BYTES }
  }
}
