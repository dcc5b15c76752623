import { sentence } from '../../core/fault.ts'
import { zeroByTraffic, type BytesByTraffic, type TrafficKind } from '../../core/bytes.ts'
import { Inbox } from './inbox.ts'
import { TransportError, type Transport } from './transport.ts'

/** One rank's ends of the mesh of ports; post it to the rank's worker with `ports` in the transfer list. */
export interface PortSetup {
  readonly kind: 'ports'
  readonly rank: number
  readonly world: number
  /** By peer; null at the rank's own index. */
  readonly ports: readonly (MessagePort | null)[]
}

interface PortMessage {
  readonly channel: string
  readonly traffic: TrafficKind
  readonly data: ArrayBuffer
}

/** A MessageChannel for each pair of ranks: the transport where shared memory is unavailable. */
export function createPortMesh(world: number): readonly PortSetup[] {
  const ports: (MessagePort | null)[][] = Array.from({ length: world }, () =>
    Array.from({ length: world }, (): MessagePort | null => null),
  )
  for (let a = 0; a < world; a++) {
    for (let b = a + 1; b < world; b++) {
      const { port1, port2 } = new MessageChannel()
      const ofA = ports[a]
      const ofB = ports[b]
      if (ofA !== undefined) ofA[b] = port1
      if (ofB !== undefined) ofB[a] = port2
    }
  }
  return ports.map((own, rank) => ({ kind: 'ports', rank, world, ports: own }))
}

/** Messages are copied into a transferred buffer, and from there into their target. */
export class PortTransport implements Transport {
  readonly rank: number
  readonly world: number
  readonly sent: BytesByTraffic = zeroByTraffic()
  private readonly inbox = new Inbox()
  private readonly ports: readonly (MessagePort | null)[]
  private error: Error | null = null

  constructor(setup: PortSetup) {
    this.rank = setup.rank
    this.world = setup.world
    this.ports = setup.ports
    for (const [peer, port] of setup.ports.entries()) {
      if (port === null) continue
      port.onmessage = (event: MessageEvent<PortMessage>) => {
        const { channel, data, traffic } = event.data
        const bytes = new Uint8Array(data)
        const taken = this.inbox.expects(peer, channel)
        this.inbox.deliver(peer, channel, bytes, traffic)
        if (taken) this.inbox.recycle(bytes)
      }
      port.onmessageerror = () => this.abort(new TransportError(sentence('message-unreadable', { peer })))
    }
  }

  get received(): Readonly<BytesByTraffic> {
    return this.inbox.received
  }

  send(peer: number, channel: string, data: Uint8Array, traffic: TrafficKind): Promise<void> | undefined {
    if (this.error !== null) return Promise.reject(this.error)
    // A copy to transfer; shared memory itself cannot be transferred.
    const copy = this.inbox.fresh(data.length)
    copy.set(data)
    if (peer === this.rank) {
      this.sent[traffic] += data.length
      this.inbox.deliver(peer, channel, copy, traffic)
      return undefined
    }
    const port = this.ports[peer]
    if (port === undefined || port === null) {
      return Promise.reject(new TransportError(sentence('no-such-peer', { peer, world: this.world })))
    }
    this.sent[traffic] += data.length
    const message: PortMessage = { channel, traffic, data: copy.buffer }
    port.postMessage(message, [copy.buffer])
    return undefined
  }

  recv(peer: number, channel: string, into: Uint8Array): Promise<void> {
    if (peer !== this.rank && (this.ports[peer] ?? null) === null) {
      return Promise.reject(new TransportError(sentence('no-such-peer', { peer, world: this.world })))
    }
    return this.inbox.recv(peer, channel, into)
  }

  flush(): Promise<void> {
    return this.error === null ? Promise.resolve() : Promise.reject(this.error)
  }

  abort(error: Error): void {
    this.error ??= error
    this.inbox.abort(this.error)
  }

  close(): void {
    this.abort(new TransportError(sentence('transport-closed', { rank: this.rank })))
    for (const port of this.ports) port?.close()
  }
}
