import { invariant } from '../../core/errors.ts'
import { memberPlan } from '../../comm/plan.ts'
import { requestOf } from '../../comm/request.ts'
import type { CollectiveOp, OffloadOp, RecvOp, SendOp, Span } from '../../schedule/program.ts'
import { runCollective } from '../collectives.ts'
import type { Slots } from '../slots.ts'
import type { TransferStart, HandlerContext } from './context.ts'
import { readSpans, writeSpans } from './readback.ts'

function total(spans: readonly Span[]): number {
  return spans.reduce((sum, each) => sum + each.length, 0)
}

/** Each end names a stream by its peer; what follows the peer in the name is the same on both ends. */
function channelOf(stream: string): string {
  return stream.split(':').slice(2).join(':')
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** Remembers when `mark` was first called; now if it never was. */
function firstCall(): { mark: () => void; at: () => TransferStart } {
  let first: TransferStart | null = null
  return { mark: () => (first ??= performance.now()), at: () => first ?? performance.now() }
}

export async function send(op: SendOp, { gpu, transport }: HandlerContext, slots: Slots): Promise<TransferStart> {
  invariant(transport, 'a single rank sends nothing')
  const values = new Float32Array(total(op.source))
  const moved = firstCall()
  await readSpans(gpu, slots, op.stream, op.source, values, moved.mark)
  // Eager: the transport owns the message from here on.
  await transport.send(op.peer, channelOf(op.stream), bytesOf(values), op.traffic)
  return moved.at()
}

export async function recv(op: RecvOp, { gpu, transport }: HandlerContext, slots: Slots): Promise<TransferStart> {
  invariant(transport, 'a single rank receives nothing')
  const values = new Float32Array(total(op.target))
  await transport.recv(op.peer, channelOf(op.stream), bytesOf(values))
  const began = performance.now()
  writeSpans(gpu, slots, op.target, values)
  return began
}

/** A growing element count that can be awaited. */
class Progress {
  private count = 0
  private waiting: { readonly until: number; readonly resolve: () => void }[] = []

  advance(count: number): void {
    this.count = count
    const ready = this.waiting.filter((each) => each.until <= count)
    this.waiting = this.waiting.filter((each) => each.until > count)
    for (const each of ready) each.resolve()
  }

  waitFor(until: number): Promise<void> | undefined {
    if (this.count >= until) return undefined
    return new Promise((resolve) => this.waiting.push({ until, resolve }))
  }
}

/** Readback, exchange, reduction and upload overlap chunk by chunk. */
export async function exchange(
  op: CollectiveOp,
  { gpu, transport }: HandlerContext,
  slots: Slots,
): Promise<TransferStart> {
  invariant(transport, 'a collective needs a transport')
  const member = op.group.indexOf(transport.rank)
  const request = requestOf(op)
  const { holds, keeps } = memberPlan(request, member)
  // The op may leave empty a side that the plan has: a CPU server contributes zeros; a root has what it would receive.
  const source = new Float32Array(holds.length)
  const target =
    holds.length === keeps.length && holds.offset === keeps.offset ? source : new Float32Array(keeps.length)
  const contributes = total(op.source) > 0
  const receives = total(op.target) > 0
  const progress = new Progress()
  const moved = firstCall()
  const reading = contributes
    ? readSpans(gpu, slots, op.stream, op.source, source, (elements) => {
        moved.mark()
        progress.advance(elements)
      })
    : Promise.resolve()
  const running = runCollective({
    transport,
    request,
    group: op.group,
    member,
    source,
    target,
    combine: op.combine ?? 'sum',
    channel: op.stream,
    traffic: op.traffic,
    ...(contributes ? { sourceReady: (offset: number, length: number) => progress.waitFor(offset + length) } : {}),
    ...(receives
      ? {
          targetReady: (offset: number, length: number) => {
            moved.mark()
            writeSpans(gpu, slots, op.target, target, offset, length)
          },
        }
      : {}),
  })
  // If reading fails the collective is never woken here; the rank's failure aborts the transport.
  await Promise.all([reading, running])
  return moved.at()
}

export async function offload(op: OffloadOp, { gpu }: HandlerContext, slots: Slots): Promise<TransferStart> {
  const values = new Float32Array(total(op.source))
  const moved = firstCall()
  await readSpans(gpu, slots, op.stream, op.source, values, moved.mark)
  if (op.accumulate) addToHost(slots, op.target, values)
  else writeSpans(gpu, slots, op.target, values)
  return moved.at()
}

function addToHost(slots: Slots, target: readonly Span[], values: Float32Array): void {
  let at = 0
  for (const { buffer, offset, length } of target) {
    const sums = slots.array(buffer)
    for (let i = offset; i < offset + length; i++) sums[i] = sums[i]! + values[at++]!
  }
}
