import type { OptimizerConfig } from '../../config/types.ts'
import type { GpuDevice } from '../../gpu/gpu-device.ts'
import type { LoadBatchOp, Op } from '../../schedule/program.ts'
import type { Slots } from '../slots.ts'
import type { Transport } from '../transport/transport.ts'

/** The inputs of one micro-batch in the layout the kernels take (data/microbatch.ts). */
export type InputArrays = Readonly<Record<string, Uint32Array | Float32Array>>

/** What the handlers of one rank share. */
export interface HandlerContext {
  readonly gpu: GpuDevice | null
  readonly transport: Transport | null
  readonly optimizer: OptimizerConfig
  /** Step the run is at: decides batches and the optimizer's scalars. */
  step: number
  /** Updates before this one: what the optimizer's bias correction counts. */
  update: number
  /** Learning rate of a step. */
  readonly learningRate: (step: number) => number
  readonly inputs: (op: LoadBatchOp, step: number) => InputArrays
  /** Takes the rank's part of loss and squared norm. */
  readonly report: (values: { loss: number; normSquared: number }) => void
  /** Called when a rank's gradients are complete, before they are used. */
  readonly beforeOptimizer: () => Promise<void>
  /** Slows this rank's compute: a straggler of the configuration. 1 is full speed. */
  readonly slowdown: number
}

/** When an exchange began to move data, by performance.now(): before, it waits for the device or a peer, which is no work. */
export type Began = number

export type Handler<Kind extends Op['kind']> = (
  op: Extract<Op, { kind: Kind }>,
  context: HandlerContext,
  slots: Slots,
) => Promise<void | Began> | void

export type HandlerTable = { readonly [Kind in Op['kind']]: Handler<Kind> }
