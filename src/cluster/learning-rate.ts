import type { OptimizerConfig } from '../config/types.ts'

/**
 * Learning rate of a step, 0-based: linear warm-up over `warmupSteps`, then constant, linear decay to zero, or half a
 * cosine to a tenth of the peak, over `total` steps.
 */
export function learningRateAt(optimizer: OptimizerConfig, step: number, total: number): number {
  const { learningRate, schedule, warmupSteps } = optimizer
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps
  if (schedule === 'constant') return learningRate
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, total - warmupSteps))
  if (schedule === 'linear') return learningRate * (1 - progress)
  return learningRate * (0.1 + 0.45 * (1 + Math.cos(Math.PI * progress)))
}
