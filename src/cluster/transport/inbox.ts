import { sentence } from '../../core/fault.ts'
import { zeroByTraffic, type BytesByTraffic, type TrafficKind } from '../../core/bytes.ts'
import { TransportError } from './transport.ts'

interface Waiting {
  readonly into: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

interface Arrived {
  readonly data: Uint8Array
  readonly traffic: TrafficKind
}

/** Messages and receives of one peer and channel; at most one of `arrived` and `waiting` has entries. */
interface Lane {
  readonly arrived: Arrived[]
  readonly waiting: Waiting[]
  /** A message that arrives in pieces. */
  partial: { readonly data: Uint8Array; readonly receiver: Waiting | null; readonly traffic: TrafficKind } | null
}

/** Limits of the spare buffers: their number, and the size below which allocating is cheaper. */
const MAX_SPARES = 32
const MIN_SPARE_BYTES = 4096

/**
 * Matches messages with receives, for every transport. A message whose receive is waiting goes straight to its target;
 * an early one is stored here, so that it never blocks other channels.
 */
export class Inbox {
  readonly received: BytesByTraffic = zeroByTraffic()
  private readonly lanes = new Map<number, Map<string, Lane>>()
  private error: Error | null = null
  /** Buffers of early messages, reused: fresh memory costs more than the copy into it. */
  private readonly spare: Uint8Array<ArrayBuffer>[] = []

  /** A buffer for a message of this length, contents arbitrary. */
  fresh(length: number): Uint8Array<ArrayBuffer> {
    const at = this.spare.findIndex((buffer) => buffer.length === length)
    return (at < 0 ? undefined : this.spare.splice(at, 1)[0]) ?? new Uint8Array(length)
  }

  /** Takes back a buffer with no other users. */
  recycle({ buffer, length }: Uint8Array): void {
    const whole = buffer instanceof ArrayBuffer && buffer.byteLength === length
    if (whole && length >= MIN_SPARE_BYTES && this.spare.length < MAX_SPARES) this.spare.push(new Uint8Array(buffer))
  }

  private lane(peer: number, channel: string): Lane {
    let channels = this.lanes.get(peer)
    if (channels === undefined) this.lanes.set(peer, (channels = new Map()))
    let lane = channels.get(channel)
    if (lane === undefined) channels.set(channel, (lane = { arrived: [], waiting: [], partial: null }))
    return lane
  }

  recv(peer: number, channel: string, into: Uint8Array): Promise<void> {
    if (this.error !== null) return Promise.reject(this.error)
    const lane = this.lane(peer, channel)
    const message = lane.arrived.shift()
    if (message === undefined) {
      return new Promise((resolve, reject) => lane.waiting.push({ into, resolve, reject }))
    }
    const problem = mismatch(peer, channel, message.data.length, into.length)
    if (problem !== null) return Promise.reject(problem)
    into.set(message.data)
    this.received[message.traffic] += message.data.length
    this.recycle(message.data)
    return Promise.resolve()
  }

  /** Delivers a whole message. The inbox owns `data` when no receive waits for it: see `expects`. */
  deliver(peer: number, channel: string, data: Uint8Array, traffic: TrafficKind): void {
    if (this.error !== null) return
    const lane = this.lane(peer, channel)
    const receiver = lane.waiting.shift()
    if (receiver === undefined) {
      lane.arrived.push({ data, traffic })
      return
    }
    const problem = mismatch(peer, channel, data.length, receiver.into.length)
    if (problem !== null) {
      receiver.reject(problem)
      return
    }
    receiver.into.set(data)
    this.received[traffic] += data.length
    receiver.resolve()
  }

  /** A copy of data that the inbox owns. */
  copy(data: Uint8Array): Uint8Array {
    const kept = this.fresh(data.length)
    kept.set(data)
    return kept
  }

  /** Whether a receive waits for the next message of this peer and channel. */
  expects(peer: number, channel: string): boolean {
    return this.lane(peer, channel).waiting.length > 0
  }

  /** Memory for the next message's bytes: the waiting receive's own when it fits. `finish` completes it. */
  begin(peer: number, channel: string, length: number, traffic: TrafficKind): Uint8Array {
    const lane = this.lane(peer, channel)
    let receiver = lane.waiting.shift() ?? null
    if (receiver !== null) {
      const problem = mismatch(peer, channel, length, receiver.into.length)
      if (problem !== null) {
        receiver.reject(problem)
        receiver = { into: new Uint8Array(length), resolve: nothing, reject: nothing }
      }
    }
    const data = receiver?.into ?? this.fresh(length)
    lane.partial = { data, receiver, traffic }
    return data
  }

  finish(peer: number, channel: string): void {
    const lane = this.lane(peer, channel)
    const partial = lane.partial
    if (partial === null) return
    lane.partial = null
    if (partial.receiver === null) {
      this.deliver(peer, channel, partial.data, partial.traffic)
      return
    }
    this.received[partial.traffic] += partial.data.length
    partial.receiver.resolve()
  }

  abort(error: Error): void {
    this.error ??= error
    const failed = this.error
    for (const channels of this.lanes.values()) {
      for (const lane of channels.values()) {
        lane.partial?.receiver?.reject(failed)
        for (const receiver of lane.waiting) receiver.reject(failed)
      }
    }
    this.lanes.clear()
    this.spare.length = 0
  }
}

function nothing(): void {}

function mismatch(peer: number, channel: string, length: number, expected: number): TransportError | null {
  if (length === expected) return null
  return new TransportError(sentence('message-length-differs', { peer, channel, length, expected }))
}
