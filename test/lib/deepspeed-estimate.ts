/** What DeepSpeed's estimators are asked. */
export interface DeepspeedSetup {
  readonly parameters: number
  /** Of the largest layer: ZeRO-3 gathers one at a time. */
  readonly largestLayer: number
  readonly stage: 2 | 3
  readonly gpusPerNode: number
  readonly nodes: number
  readonly offloadOptimizer: boolean
  readonly offloadParameters: boolean
  /** Parameters are made in shards (zero.Init) instead of whole on every process first. */
  readonly zeroInit: boolean
}

/** Reserve for what the estimators do not know of. */
const SLACK = 1.5

/**
 * Bytes of one GPU and of a node's host memory as DeepSpeed's estimators give them (deepspeed/runtime/zero,
 * stage_1_and_2.py and stage3.py at 38327e07): 2 bytes of weights and 16 of gradients and state per parameter, fp16 with
 * f32 copies. A convention beside ours, to compare with what people are used to.
 */
export function deepspeedEstimate(s: DeepspeedSetup): { gpu: number; host: number } {
  const { parameters: P, gpusPerNode } = s
  const gpus = gpusPerNode * s.nodes
  if (s.stage === 2)
    return s.offloadOptimizer
      ? { gpu: 2 * P, host: P * Math.max(4 * gpus, 16) * SLACK }
      : { gpu: 2 * P + Math.trunc((18 * P) / gpus), host: P * 4 * gpusPerNode * SLACK }
  const layer = 4 * s.largestLayer
  const share = 1 / s.nodes
  const whole = 4 * gpusPerNode
  if (s.offloadOptimizer) {
    const bytes = s.offloadParameters ? 18 : 16
    const gpu = s.offloadParameters ? layer : layer + Math.trunc((2 * P) / gpus)
    return { gpu, host: P * (s.zeroInit ? bytes * share : Math.max(whole, bytes * share)) * SLACK }
  }
  const made = s.zeroInit ? s.largestLayer : P
  return { gpu: layer + Math.trunc((18 * P) / gpus), host: made * whole * SLACK }
}
