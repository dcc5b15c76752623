import { FaultError } from '../../core/errors.ts'
import type { BytesByTraffic, TrafficKind } from '../../core/bytes.ts'

/**
 * A rank's view of the wire: messages to and from its peers, in order per peer, direction and channel. Channels do not
 * block each other. A send is eager: its data is taken before `send` returns, whether or not the peer is receiving, so
 * that two ranks which both send first do not deadlock.
 *
 * Bytes exclude framing and are counted where a message is written and where a receive takes it: nowhere else, and
 * never from the Program.
 */
export interface Transport {
  readonly rank: number
  readonly world: number
  /**
   * Takes `data` at once (the caller may overwrite it) and delivers it to `peer`. Returns a promise when the wire is
   * full, which resolves once the message is on the wire; awaiting it is only needed to pace a long run of sends.
   */
  send(peer: number, channel: string, data: Uint8Array, traffic: TrafficKind): Promise<void> | undefined
  /** Fills `into` with the next message from `peer` on `channel`. Rejects with a TransportError when the lengths differ. */
  recv(peer: number, channel: string, into: Uint8Array): Promise<void>
  readonly sent: Readonly<BytesByTraffic>
  readonly received: Readonly<BytesByTraffic>
  /** Resolves when everything sent so far is on the wire: await it before `close` after a successful run. */
  flush(): Promise<void>
  /**
   * Rejects all pending and future sends and receives of this rank with `error`; the first error stays. Peers are not
   * told: the coordinator aborts each rank with the first failure.
   */
  abort(error: Error): void
  /** Aborts what is pending and releases the wire. */
  close(): void
}

/** A protocol violation, or a transport used after its end. */
export class TransportError extends FaultError {
  override readonly name = 'TransportError'
}
