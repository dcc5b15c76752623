import { parameterTable } from '../../src/model/parameters.ts'
import { referenceGradients } from './reference.ts'
import type { ModelShape } from '../../src/model/shape.ts'
import { wide } from './batch.ts'
import type { ReferenceBatch } from './batch.ts'

export type ReferenceOptimizer =
  | {
      readonly kind: 'adamw'
      readonly learningRate: number
      readonly betas: readonly [number, number]
      readonly epsilon: number
      readonly weightDecay: number
      /** Largest global gradient norm; 0: no clipping. */
      readonly gradClip: number
    }
  | {
      readonly kind: 'sgd'
      readonly learningRate: number
      readonly momentum: number
      readonly weightDecay: number
      readonly gradClip: number
    }

/** What one step saw before its update. */
export interface ReferenceStep {
  readonly loss: number
  /** Global gradient norm before clipping. */
  readonly gradNorm: number
}

/**
 * Trains the float64 model with AdamW (Loshchilov and Hutter 2019) or SGD with momentum, both in PyTorch's order.
 * Gradients are scaled by min(1, clip/(norm + 1e-6)); weights of two or more dimensions decay.
 */
export class ReferenceTrainer {
  readonly parameters: Map<string, Float64Array>
  private readonly first = new Map<string, Float64Array>()
  private readonly second = new Map<string, Float64Array>()
  private steps = 0

  constructor(
    private readonly shape: ModelShape,
    parameters: ReadonlyMap<string, ArrayLike<number>>,
    private readonly optimizer: ReferenceOptimizer,
  ) {
    this.parameters = wide(shape, parameters)
    for (const [name, { length }] of this.parameters) {
      this.first.set(name, new Float64Array(length))
      this.second.set(name, new Float64Array(length))
    }
  }

  step(batch: ReferenceBatch): ReferenceStep {
    const { loss, gradients } = referenceGradients(this.shape, this.parameters, batch)
    const gradNorm = Math.sqrt(
      [...gradients.values()].reduce((sum, g) => g.reduce((s, each) => s + each * each, sum), 0),
    )
    const { gradClip } = this.optimizer
    const scale = gradClip > 0 ? Math.min(1, gradClip / (gradNorm + 1e-6)) : 1
    this.steps++
    for (const { name, shape } of parameterTable(this.shape))
      this.update(name, gradients.get(name)!, scale, shape.length >= 2)
    return { loss, gradNorm }
  }

  private update(name: string, gradient: Float64Array, scale: number, decays: boolean): void {
    const [p, m, v] = [this.parameters.get(name)!, this.first.get(name)!, this.second.get(name)!]
    const { optimizer } = this
    const decay = decays ? optimizer.weightDecay : 0
    for (let i = 0; i < p.length; i++) {
      const g = gradient[i]! * scale
      if (optimizer.kind === 'sgd') {
        m[i] = optimizer.momentum * m[i]! + g + decay * p[i]!
        p[i]! -= optimizer.learningRate * m[i]!
      } else {
        const { learningRate, epsilon } = optimizer
        const [beta1, beta2] = optimizer.betas
        m[i] = beta1 * m[i]! + (1 - beta1) * g
        v[i] = beta2 * v[i]! + (1 - beta2) * g * g
        const mean = m[i]! / (1 - beta1 ** this.steps)
        const variance = v[i]! / (1 - beta2 ** this.steps)
        p[i] = p[i]! * (1 - learningRate * decay) - (learningRate * mean) / (Math.sqrt(variance) + epsilon)
      }
    }
  }
}
