import type { OptimizerConfig } from '../../config/types.ts'
import { invariant } from '../../core/errors.ts'
import type { GradNormOp, OptimizerStepOp } from '../../schedule/program.ts'
import type { Slots } from '../slots.ts'
import { launchOp } from './compute.ts'
import type { HandlerContext } from './context.ts'

/** The scalars in the `hyper` binding of the optimizer kernels, in the order of model/kernels.ts. */
function hyperParameters(optimizer: OptimizerConfig, learningRate: number, update: number): Float32Array {
  const [beta1, beta2] = optimizer.betas
  const t = update + 1
  return new Float32Array([
    learningRate,
    beta1,
    beta2,
    optimizer.epsilon,
    optimizer.weightDecay,
    1 - beta1 ** t,
    1 - beta2 ** t,
    optimizer.gradClip,
    optimizer.momentum,
    0,
    0,
    0,
  ])
}

export function gradNorm(op: GradNormOp, context: HandlerContext, slots: Slots): void {
  if (op.at === 'device') return launchOp(op, context.gpu, slots)
  let sum = 0
  for (const span of op.spans) {
    const values = slots.array(span.buffer)
    for (let i = span.offset; i < span.offset + span.length; i++) sum += values[i]! * values[i]!
  }
  slots.array(op.target)[0] = sum
}

export async function optimizerStep(op: OptimizerStepOp, context: HandlerContext, slots: Slots): Promise<void> {
  // Here, not at the norm: only the update waits for all of this rank's gradients.
  await context.beforeOptimizer()
  const hyper = hyperParameters(context.optimizer, context.learningRate(context.step), context.update)
  if (op.at === 'device') {
    context.gpu!.queue.write(slots.buffer('hyper'), 0, hyper)
    launchOp(op, context.gpu, slots)
    return
  }
  const norm = op.norm === undefined ? 0 : Math.sqrt(slots.array(op.norm)[0]!)
  const clip = context.optimizer.gradClip
  const scale = clip > 0 ? Math.min(1, clip / (norm + 1e-6)) : 1
  for (const update of op.updates) updateOnHost(update, hyper, scale, slots)
}

/** The kernels' arithmetic on the CPU, on f32 arrays like theirs. */
function updateOnHost(
  { parameter, gradient, moment1, moment2, decay }: OptimizerStepOp['updates'][number],
  hyper: Float32Array,
  scale: number,
  slots: Slots,
): void {
  const [lr, beta1, beta2, epsilon, weightDecay, correction1, correction2, , momentum] = [...hyper]
  const p = slots.array(parameter.buffer)
  const g = slots.array(gradient.buffer)
  invariant(moment1, 'an update takes a momentum')
  const m = slots.array(moment1.buffer)
  const shrink = decay ? 1 - lr! * weightDecay! : 1
  if (moment2 === undefined) {
    for (let i = 0; i < parameter.length; i++) {
      const at = parameter.offset + i
      const slope = g[gradient.offset + i]! * scale + (decay ? weightDecay! * p[at]! : 0)
      const next = (m[moment1.offset + i] = momentum! * m[moment1.offset + i]! + slope)
      p[at] = p[at]! - lr! * next
    }
    return
  }
  const v = slots.array(moment2.buffer)
  for (let i = 0; i < parameter.length; i++) {
    const at = parameter.offset + i
    const slope = g[gradient.offset + i]! * scale
    const first = (m[moment1.offset + i] = beta1! * m[moment1.offset + i]! + (1 - beta1!) * slope)
    const second = (v[moment2.offset + i] = beta2! * v[moment2.offset + i]! + (1 - beta2!) * slope * slope)
    p[at] = p[at]! * shrink - (lr! * (first / correction1!)) / (Math.sqrt(second / correction2!) + epsilon!)
  }
}
