import { invariant } from '../../core/errors.ts'
import type { GpuDevice } from '../../gpu/gpu-device.ts'
import type { Span } from '../../schedule/program.ts'
import type { Slots } from '../slots.ts'

/** A range of one span's elements; `at` is its offset in the concatenation of all spans. */
interface Piece {
  readonly span: Span
  readonly from: number
  readonly length: number
  readonly at: number
}

function cut(spans: readonly Span[], chunk: number): Piece[][] {
  const chunks: Piece[][] = []
  let at = 0
  for (const span of spans)
    for (let from = 0; from < span.length;) {
      const room = chunk - (at % chunk)
      const length = Math.min(room, span.length - from)
      const index = Math.floor(at / chunk)
      ;(chunks[index] ??= []).push({ span, from: span.offset + from, length, at })
      from += length
      at += length
    }
  return chunks
}

/**
 * Reads the concatenation of `spans` back to host memory, chunk by chunk through the stream's staging buffers, two
 * chunks in flight at once. `ready` is called in order with the number of elements in `target` so far.
 */
export async function readSpans(
  gpu: GpuDevice | null,
  slots: Slots,
  stream: string,
  spans: readonly Span[],
  target: Float32Array,
  ready: (elements: number) => void = () => {},
): Promise<void> {
  if (spans.every((span) => slots.onHost(span.buffer))) {
    let at = 0
    for (const span of spans) {
      target.set(slots.array(span.buffer).subarray(span.offset, span.offset + span.length), at)
      at += span.length
    }
    ready(at)
    return
  }
  invariant(gpu, 'a rank without a device has nothing to read back')
  const staging = [slots.find(`staging:${stream}:0`), slots.find(`staging:${stream}:1`)].filter((each) => each !== null)
  invariant(staging.length > 0, `no staging buffer for stream ${stream}`)
  const chunkElements = staging[0]!.size / 4
  const chunks = cut(spans, chunkElements)
  /** Chunks in flight, in order; each delivers its elements after those before it. */
  const inFlight: Promise<void>[] = []
  let delivered = Promise.resolve()
  for (const [c, pieces] of chunks.entries()) {
    const buffer = staging[c % staging.length]!
    if (inFlight.length === staging.length) await inFlight.shift()
    for (const { span, from, length, at } of pieces)
      gpu.queue.copy(slots.buffer(span.buffer), from * 4, buffer, (at % chunkElements) * 4, length * 4)
    gpu.queue.flush()
    const first = pieces[0]!.at
    const count = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const previous = delivered
    const arrived = gpu.queue.map(buffer, count * 4).then(async () => {
      target.set(new Float32Array(buffer.getMappedRange(0, count * 4)), first)
      buffer.unmap()
      await previous
      ready(first + count)
    })
    // Awaited in order: after a failure the later ones would be unhandled rejections.
    arrived.catch(() => undefined)
    delivered = arrived
    inFlight.push(arrived)
  }
  await delivered
}

/** Writes elements [first, first + count) of `from`, in host memory, into the concatenation of `spans`. */
export function writeSpans(
  gpu: GpuDevice | null,
  slots: Slots,
  spans: readonly Span[],
  from: Float32Array,
  first = 0,
  count = from.length,
): void {
  let start = 0
  for (const span of spans) {
    const low = Math.max(first, start)
    const high = Math.min(first + count, start + span.length)
    if (high > low) {
      const data = from.subarray(low, high)
      const offset = span.offset + low - start
      if (slots.onHost(span.buffer)) slots.array(span.buffer).set(data, offset)
      else gpu!.queue.write(slots.buffer(span.buffer), offset * 4, data)
    }
    start += span.length
  }
}
