import { refused, faultErrorOf } from '../../core/errors.ts'
import { sentence } from '../../core/fault.ts'
import { TRAFFIC_KINDS, zeroByTraffic, type BytesByTraffic, type TrafficKind } from '../../core/bytes.ts'
import { canWaitAsync, Doorbell } from './doorbell.ts'
import { Inbox } from './inbox.ts'
import { RingBuffer, ringBytes } from './ring-buffer.ts'
import { TransportError, type Transport } from './transport.ts'

/** One rank's ends of the rings; post it to the rank's worker with the ports of `pokes` in the transfer list. */
export interface SharedRingSetup {
  readonly kind: 'shared-ring'
  readonly rank: number
  readonly world: number
  /** By peer: from the peer to this rank, and from this rank to the peer; null at the own index. */
  readonly inbound: readonly (SharedArrayBuffer | null)[]
  readonly outbound: readonly (SharedArrayBuffer | null)[]
  readonly bells: SharedArrayBuffer
  /** Empty where the platform has Atomics.waitAsync. */
  readonly pokes: readonly (MessagePort | null)[]
}

/** A ring per ordered pair of ranks. `bytesPerRing`: a power of two of at least 1 KiB. `pokes` forces the port fallback. */
export function createSharedRings(
  world: number,
  bytesPerRing = 1 << 20,
  pokes = !canWaitAsync(),
): readonly SharedRingSetup[] {
  if (bytesPerRing < 1024 || bytesPerRing > 2 ** 30 || !Number.isInteger(Math.log2(bytesPerRing))) {
    throw refused('bytesPerRing', 'ring-size-bad', { bytes: bytesPerRing })
  }
  const ranks = Array.from({ length: world }, (_, rank) => rank)
  const rings = ranks.map((from) =>
    ranks.map((to) => (from === to ? null : new SharedArrayBuffer(ringBytes(bytesPerRing)))),
  )
  const ports = ranks.map(() => ranks.map((): MessagePort | null => null))
  for (const a of pokes ? ranks : []) {
    for (let b = a + 1; b < world; b++) {
      const { port1, port2 } = new MessageChannel()
      const ofA = ports[a]
      const ofB = ports[b]
      if (ofA !== undefined) ofA[b] = port1
      if (ofB !== undefined) ofB[a] = port2
    }
  }
  const bells = new SharedArrayBuffer(Math.max(4, world * 4))
  return ranks.map((rank) => ({
    kind: 'shared-ring',
    rank,
    world,
    inbound: ranks.map((peer) => rings[peer]?.[rank] ?? null),
    outbound: rings[rank] ?? [],
    bells,
    pokes: pokes ? (ports[rank] ?? []) : [],
  }))
}

/** Frame that assigns a channel its number: its bytes are the channel's name. */
const NAME_FRAME = 0xff

/** Frames taken from one ring in one pass. */
const FRAMES_PER_PASS = 4

/** After this many passes without a wait the pump yields to the thread's other events. */
const PASSES_PER_TURN = 64

interface Queued {
  readonly channel: number
  readonly traffic: number
  readonly data: Uint8Array
  readonly messageBytes: number
  from: number
  /** Settles once the message is on the ring. */
  readonly done: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

interface Outbound {
  readonly ring: RingBuffer
  readonly channels: Map<string, number>
  readonly queue: Queued[]
}

interface Inbound {
  readonly ring: RingBuffer
  readonly names: string[]
  /** The message being received; a sender finishes one before it starts the next. */
  current: { readonly into: Uint8Array; filled: number } | null
}

export class SharedRingTransport implements Transport {
  readonly rank: number
  readonly world: number
  readonly sent: BytesByTraffic = zeroByTraffic()
  private readonly inbox = new Inbox()
  private readonly outbound: readonly (Outbound | null)[]
  private readonly inbound: readonly (Inbound | null)[]
  private readonly bell: Doorbell
  private error: Error | null = null
  /** Settles when the pump has stopped. */
  readonly stopped: Promise<void>

  constructor(setup: SharedRingSetup) {
    this.rank = setup.rank
    this.world = setup.world
    this.outbound = setup.outbound.map((memory) =>
      memory === null ? null : { ring: new RingBuffer(memory), channels: new Map(), queue: [] },
    )
    this.inbound = setup.inbound.map((memory) =>
      memory === null ? null : { ring: new RingBuffer(memory), names: [], current: null },
    )
    this.bell = new Doorbell(new Int32Array(setup.bells), setup.rank, setup.pokes)
    // Rejects whoever waits for this transport with the reason.
    this.stopped = this.pump().catch((error: unknown) => this.abort(faultErrorOf(error)))
  }

  get received(): Readonly<BytesByTraffic> {
    return this.inbox.received
  }

  send(peer: number, channel: string, data: Uint8Array, traffic: TrafficKind): Promise<void> | undefined {
    if (this.error !== null) return Promise.reject(this.error)
    if (peer === this.rank) {
      this.sent[traffic] += data.length
      this.inbox.deliver(peer, channel, data.slice(), traffic)
      return undefined
    }
    const out = this.outbound[peer]
    if (out === undefined || out === null) {
      return Promise.reject(new TransportError(sentence('no-such-peer', { peer, world: this.world })))
    }
    let id = out.channels.get(channel)
    if (id === undefined) {
      id = out.channels.size
      out.channels.set(channel, id)
      void this.post(peer, out, id, NAME_FRAME, new TextEncoder().encode(channel))
    }
    this.sent[traffic] += data.length
    return this.post(peer, out, id, TRAFFIC_KINDS.indexOf(traffic), data)
  }

  /** Writes what fits; the rest is copied and follows as the peer frees space. */
  private post(
    peer: number,
    out: Outbound,
    channel: number,
    traffic: number,
    data: Uint8Array,
  ): Promise<void> | undefined {
    let from = 0
    if (out.queue.length === 0) {
      const taken = out.ring.write(channel, traffic, data.length, data, 0)
      if (taken >= 0) {
        this.bell.ring(peer)
        if (taken === data.length) return undefined
        from = taken
      }
    }
    const queued = queue(channel, traffic, data, from)
    out.queue.push(queued)
    return queued.done
  }

  recv(peer: number, channel: string, into: Uint8Array): Promise<void> {
    if (peer !== this.rank && (this.inbound[peer] ?? null) === null) {
      return Promise.reject(new TransportError(sentence('no-such-peer', { peer, world: this.world })))
    }
    return this.inbox.recv(peer, channel, into)
  }

  private async pump(): Promise<void> {
    let passes = 0
    while (this.error === null) {
      const seen = this.bell.read()
      let busy = false
      for (let peer = 0; peer < this.world; peer++) {
        if (this.drain(peer)) busy = true
        if (this.fill(peer)) busy = true
      }
      if (busy) {
        passes++
        if (passes % PASSES_PER_TURN === 0) await nextEvent()
        else await undefined
        continue
      }
      const wait = this.bell.changed(seen)
      await wait
    }
  }

  /** Reads a few of the available frames; between passes their receivers run and post more. */
  private drain(peer: number): boolean {
    const inbound = this.inbound[peer]
    if (inbound === undefined || inbound === null) return false
    let frames = 0
    for (; frames < FRAMES_PER_PASS; frames++) {
      const head = inbound.ring.peek()
      if (head === null) break
      const { channel, traffic, messageBytes, frameBytes } = head
      const name = inbound.names[channel]
      const kind = TRAFFIC_KINDS[traffic]
      if (traffic !== NAME_FRAME && (name === undefined || kind === undefined)) {
        this.abort(new TransportError(sentence('frame-unknown', { peer })))
        return false
      }
      const named = name !== undefined && kind !== undefined
      inbound.current ??= {
        into: named ? this.inbox.begin(peer, name, messageBytes, kind) : new Uint8Array(messageBytes),
        filled: 0,
      }
      const { current } = inbound
      inbound.ring.take(current.into, current.filled)
      current.filled += frameBytes
      if (current.filled < current.into.length) continue
      inbound.current = null
      if (named) this.inbox.finish(peer, name)
      else inbound.names[channel] = new TextDecoder().decode(current.into)
    }
    if (frames > 0) this.bell.ring(peer)
    return frames > 0
  }

  /** Writes what was waiting for space. */
  private fill(peer: number): boolean {
    const out = this.outbound[peer]
    if (out === undefined || out === null) return false
    let any = false
    for (let next = out.queue[0]; next !== undefined; next = out.queue[0]) {
      const taken = out.ring.write(next.channel, next.traffic, next.messageBytes, next.data, next.from)
      if (taken < 0) break
      any = true
      next.from += taken
      if (next.from < next.data.length) continue
      out.queue.shift()
      next.resolve()
    }
    if (any) this.bell.ring(peer)
    return any
  }

  flush(): Promise<void> {
    if (this.error !== null) return Promise.reject(this.error)
    const waits = this.outbound.map((out) => {
      const last = out?.queue[out.queue.length - 1]
      return last?.done
    })
    return Promise.all(waits).then(nothing)
  }

  abort(error: Error): void {
    this.error ??= error
    this.inbox.abort(this.error)
    for (const out of this.outbound) for (const queued of out?.queue.splice(0) ?? []) queued.reject(this.error)
    this.bell.ring(this.rank)
  }

  close(): void {
    this.abort(new TransportError(sentence('transport-closed', { rank: this.rank })))
    this.bell.close()
  }
}

/** A copy of data[from …]; later frames still state the length of the whole message. */
function queue(channel: number, traffic: number, data: Uint8Array, from: number): Queued {
  let resolve = nothing
  let reject: (error: Error) => void = nothing
  const done = new Promise<void>((onTheRing, failed) => {
    resolve = onTheRing
    reject = failed
  })
  // Not every caller awaits it; an abort must not surface as an unhandled rejection.
  done.catch(nothing)
  return { channel, traffic, data: data.slice(from), messageBytes: data.length, from: 0, done, resolve, reject }
}

/** Yields to the thread's other events, without a timer (browsers throttle those). */
function nextEvent(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(0)
  })
}

function nothing(): void {}
