import type { BytesByTraffic, TrafficKind } from '../../core/bytes.ts'

/**
 * What a rank knows of the wire: messages to and from its peers, in order per peer, direction and channel. Channels do not
 * hold each other up. A send is eager: its data is taken before `send` returns, whether or not anybody receives yet, so
 * that two ranks which both send first do not wait for each other.
 *
 * Bytes are those of the data, without framing, counted where a message is written and where a receive takes it: nowhere
 * else, and never from the Program.
 */
export interface Transport {
  readonly rank: number
  readonly world: number
  /** Takes `data` at once (the caller may overwrite it) and delivers it to `peer`. A promise comes back when the wire is
   *  full; it resolves once the message is on the wire. Waiting for it is only needed to pace a long run of sends. */
  send(peer: number, channel: string, data: Uint8Array, traffic: TrafficKind): Promise<void> | undefined
  /** Fills `into` with the next message from `peer` on `channel`. Rejects with a TransportError when the lengths differ. */
  recv(peer: number, channel: string, into: Uint8Array): Promise<void>
  readonly sent: Readonly<BytesByTraffic>
  readonly received: Readonly<BytesByTraffic>
  /** Resolves when everything sent so far is on the wire: wait for it before `close` after a run that ended well. */
  flush(): Promise<void>
  /** Rejects all pending sends and receives of this rank, and all later ones, with `error`; the first error stays. Peers
   *  are not told: who coordinates the ranks aborts each of them with the first failure. */
  abort(error: Error): void
  /** Aborts what is pending and releases the wire. */
  close(): void
}

/** A message that breaks the protocol, or a transport used after its end. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
}
