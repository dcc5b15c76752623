import { sentence } from '../../core/fault.ts'
import { zeroByTraffic, type BytesByTraffic, type TrafficKind } from '../../core/bytes.ts'
import { Inbox } from './inbox.ts'
import { TransportError, type Transport } from './transport.ts'

/** Ranks as tasks of one thread: a message takes one copy when its receive is waiting, two when it is early. */
class MemoryTransport implements Transport {
  readonly sent: BytesByTraffic = zeroByTraffic()
  readonly inbox = new Inbox()
  private error: Error | null = null

  constructor(
    readonly rank: number,
    private readonly ranks: readonly MemoryTransport[],
    readonly world: number,
  ) {}

  get received(): Readonly<BytesByTraffic> {
    return this.inbox.received
  }

  send(peer: number, channel: string, data: Uint8Array, traffic: TrafficKind): Promise<void> | undefined {
    if (this.error !== null) return Promise.reject(this.error)
    const receiver = this.ranks[peer]
    if (receiver === undefined)
      return Promise.reject(new TransportError(sentence('no-such-peer', { peer, world: this.world })))
    this.sent[traffic] += data.length
    const kept = receiver.inbox.expects(this.rank, channel) ? data : receiver.inbox.copy(data)
    receiver.inbox.deliver(this.rank, channel, kept, traffic)
    return undefined
  }

  recv(peer: number, channel: string, into: Uint8Array): Promise<void> {
    if (this.ranks[peer] === undefined)
      return Promise.reject(new TransportError(sentence('no-such-peer', { peer, world: this.world })))
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
  }
}

/** One transport per rank, all in this thread. */
export function createMemoryHub(world: number): readonly Transport[] {
  const ranks: MemoryTransport[] = []
  for (let rank = 0; rank < world; rank++) ranks.push(new MemoryTransport(rank, ranks, world))
  return ranks
}
