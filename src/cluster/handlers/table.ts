import type { AddOp, ClearOp, ComputeOp, DecodeOp, EncodeOp, LoadBatchOp, ReportOp } from '../../schedule/program.ts'
import type { Slots } from '../slots.ts'
import { launchOp } from './compute.ts'
import type { TransferStart, HandlerContext, HandlerTable } from './context.ts'
import { exchange, offload, recv, send } from './exchange.ts'
import { gradNorm, optimizerStep } from './optimizer.ts'
import { readSpans } from './readback.ts'

function compute(op: ComputeOp, context: HandlerContext, slots: Slots): void {
  launchOp(op, context.gpu, slots)
}

function add(op: AddOp | EncodeOp | DecodeOp, context: HandlerContext, slots: Slots): void {
  launchOp(op, context.gpu, slots)
}

function loadBatch(op: LoadBatchOp, context: HandlerContext, slots: Slots): void {
  const inputs = context.inputs(op, context.step)
  for (const [role, name] of Object.entries(op.args)) context.gpu!.queue.write(slots.buffer(name), 0, inputs[role]!)
}

function clear(op: ClearOp, context: HandlerContext, slots: Slots): void {
  for (const { buffer, offset, length } of op.spans)
    if (slots.onHost(buffer)) slots.array(buffer).fill(0, offset, offset + length)
    else context.gpu!.queue.clear(slots.buffer(buffer), offset * 4, length * 4)
}

async function report(op: ReportOp, context: HandlerContext, slots: Slots): Promise<TransferStart> {
  const names = [op.loss, op.norm].filter((name) => name !== undefined)
  const values = new Map<string, number>()
  // With offload the norm is in host memory, the loss on the device.
  for (const onHost of [false, true]) {
    const located = names.filter((name) => slots.onHost(name) === onHost)
    if (located.length === 0) continue
    const read = new Float32Array(located.length)
    const spans = located.map((buffer) => ({ buffer, offset: 0, length: 1 }))
    await readSpans(context.gpu, slots, op.stream, spans, read)
    for (const [i, name] of located.entries()) values.set(name, read[i]!)
  }
  const valueOf = (name: string | undefined) => (name === undefined ? 0 : values.get(name)!)
  const began = performance.now()
  context.report({ loss: valueOf(op.loss), normSquared: valueOf(op.norm) })
  return began
}

/** Op kind → its handler. A new kind does not compile without one. */
export const HANDLERS: HandlerTable = {
  forward: compute,
  recompute: compute,
  backward: compute,
  backwardInput: compute,
  backwardWeight: compute,
  allReduce: exchange,
  reduceScatter: exchange,
  allGather: exchange,
  broadcast: exchange,
  reduce: exchange,
  gather: exchange,
  scatter: exchange,
  push: exchange,
  pull: exchange,
  send,
  recv,
  optimizerStep,
  gradNorm,
  loadBatch,
  clear,
  add,
  encode: add,
  decode: add,
  offload,
  fetch: offload,
  report,
}
