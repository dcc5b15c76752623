import type { OptimizerConfig } from '../../config/types.ts'
import type { GpuDevice } from '../../gpu/gpu-device.ts'
import type { OpKind, OpOf } from '../../schedule/op-kinds.ts'
import type { LoadBatchOp } from '../../schedule/program.ts'
import type { Slots } from '../slots.ts'
import type { Transport } from '../transport/transport.ts'

/** The inputs of one micro-batch in the layout the kernels expect (data/microbatch.ts). */
export type InputArrays = Readonly<Record<string, Uint32Array | Float32Array>>

/** Shared by the handlers of one rank. */
export interface HandlerContext {
  readonly gpu: GpuDevice | null
  readonly transport: Transport | null
  readonly optimizer: OptimizerConfig
  /** Current step: determines batches and the optimizer's scalars. */
  step: number
  /** Number of earlier updates, for the optimizer's bias correction. */
  update: number
  /** Learning rate of a step. */
  readonly learningRate: (step: number) => number
  readonly inputs: (op: LoadBatchOp, step: number) => InputArrays
  /** Receives the rank's part of the loss and of the squared norm. */
  readonly report: (values: { loss: number; normSquared: number }) => void
  /** Called once the rank's gradients are complete, before they are used. */
  readonly beforeOptimizer: () => Promise<void>
  /** Factor on this rank's compute time, for a straggler of the configuration; 1 is full speed. */
  readonly slowdown: number
}

/** When an exchange began to move data (performance.now()): until then it waits for the device or a peer. */
export type TransferStart = number

export type Handler<Kind extends OpKind> = (
  op: OpOf<Kind>,
  context: HandlerContext,
  slots: Slots,
) => Promise<void | TransferStart> | void

export type HandlerTable = { readonly [Kind in OpKind]: Handler<Kind> }
