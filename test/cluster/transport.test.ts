import { afterEach, describe, expect, test } from 'vitest'
import { createPortMesh } from '../../src/cluster/transport/ports.ts'
import { createTransports, openTransport, type TransportSetup } from '../../src/cluster/transport/setup.ts'
import { createSharedRings } from '../../src/cluster/transport/shared-ring.ts'
import type { Transport } from '../../src/cluster/transport/transport.ts'

/** All ends in this thread; they talk through the same rings and ports as workers do. */
const WIRES: Record<string, (world: number) => readonly TransportSetup[]> = {
  memory: (world) => createTransports('memory', world),
  'shared rings': (world) => createSharedRings(world, 1024),
  'shared rings woken by ports': (world) => createSharedRings(world, 1024, true),
  ports: (world) => createPortMesh(world),
}

const opened: Transport[] = []
function open(wire: (world: number) => readonly TransportSetup[], world: number): Transport[] {
  const ranks = wire(world).map(openTransport)
  opened.push(...ranks)
  return ranks
}
afterEach(() => {
  for (const transport of opened.splice(0)) transport.close()
})

function bytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + seed * 13 + (i >> 8)) & 0xff)
}

async function take(at: Transport, peer: number, channel: string, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length)
  await at.recv(peer, channel, into)
  return into
}

describe.each(Object.entries(WIRES))('%s', (_, wire) => {
  test('messages arrive whole and in order, before or after their receive, larger than the ring too', async () => {
    const [a, b] = open(wire, 2) as [Transport, Transport]
    const lengths = [0, 1, 3, 16, 17, 900, 1024, 5000, 20_003, 4]
    for (const [i, length] of lengths.entries()) void a.send(1, 'x', bytes(length, i), 'gradients')
    for (const [i, length] of lengths.entries()) expect(await take(b, 0, 'x', length)).toEqual(bytes(length, i))
    const waiting = lengths.map((length) => take(a, 1, 'y', length))
    for (const [i, length] of lengths.entries()) void b.send(0, 'y', bytes(length, i), 'gradients')
    for (const [i, got] of (await Promise.all(waiting)).entries()) expect(got).toEqual(bytes(lengths[i] ?? 0, i))
  })

  test('the data is taken before send returns', async () => {
    const [a, b] = open(wire, 2) as [Transport, Transport]
    const data = bytes(10_000, 1)
    void a.send(1, 'x', data, 'activations')
    data.fill(0)
    expect(await take(b, 0, 'x', 10_000)).toEqual(bytes(10_000, 1))
  })

  test('a channel nobody reads does not hold up another', async () => {
    const [a, b] = open(wire, 2) as [Transport, Transport]
    void a.send(1, 'first', bytes(50_000, 1), 'parameters')
    void a.send(1, 'second', bytes(10, 2), 'scalars')
    expect(await take(b, 0, 'second', 10)).toEqual(bytes(10, 2))
    expect(await take(b, 0, 'first', 50_000)).toEqual(bytes(50_000, 1))
  })

  test('both ranks may send first, far more than the wire holds', async () => {
    const [a, b] = open(wire, 2) as [Transport, Transport]
    for (let i = 0; i < 20; i++) {
      void a.send(1, 'x', bytes(3000, i), 'activations')
      void b.send(0, 'x', bytes(3000, i + 50), 'activations')
    }
    for (let i = 0; i < 20; i++) {
      expect(await take(a, 1, 'x', 3000)).toEqual(bytes(3000, i + 50))
      expect(await take(b, 0, 'x', 3000)).toEqual(bytes(3000, i))
    }
  })

  test('counts the bytes of the data by kind where they are written and taken', async () => {
    const [a, b, c] = open(wire, 3) as [Transport, Transport, Transport]
    void a.send(1, 'x', bytes(2500, 1), 'gradients')
    void a.send(2, 'x', bytes(7, 1), 'scalars')
    void a.send(1, 'x', bytes(4, 1), 'scalars')
    await take(b, 0, 'x', 2500)
    await take(c, 0, 'x', 7)
    await a.flush()
    expect(a.sent).toEqual({ parameters: 0, gradients: 2500, activations: 0, scalars: 11 })
    expect(b.received, 'a message not yet taken does not count').toEqual({
      parameters: 0,
      gradients: 2500,
      activations: 0,
      scalars: 0,
    })
    expect(c.received.scalars).toBe(7)
    await take(b, 0, 'x', 4)
    expect(b.received.scalars).toBe(4)
    expect(b.sent.gradients + c.sent.gradients).toBe(0)
  })

  test('a message of another length is an error that names peer, channel and lengths', async () => {
    const [a, b] = open(wire, 2) as [Transport, Transport]
    void a.send(1, 'x', bytes(12, 1), 'gradients')
    const problem = 'message from rank 0 on channel "x" has 12 bytes where 16 were expected'
    await expect(take(b, 0, 'x', 16)).rejects.toThrow(problem)
    const early = take(b, 0, 'x', 16)
    void a.send(1, 'x', bytes(12, 1), 'gradients')
    await expect(early).rejects.toThrow(problem)
    void a.send(1, 'x', bytes(5, 3), 'gradients')
    expect(await take(b, 0, 'x', 5), 'the channel goes on').toEqual(bytes(5, 3))
    await expect(take(b, 9, 'x', 1)).rejects.toThrow('no rank 9 among 2')
  })

  test('abort rejects all that is pending and all that follows with the first error', async () => {
    const [a, b] = open(wire, 2) as [Transport, Transport]
    const pending = [take(b, 0, 'x', 4), take(b, 0, 'y', 8)]
    const stuck = b.send(0, 'z', bytes(100_000, 1), 'gradients')
    b.abort(new Error('rank 0 is gone'))
    b.abort(new Error('a later error'))
    for (const result of await Promise.allSettled(pending)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { message: 'rank 0 is gone' } })
    }
    if (stuck !== undefined) await expect(stuck).rejects.toThrow('rank 0 is gone')
    await expect(take(b, 0, 'x', 4)).rejects.toThrow('rank 0 is gone')
    await expect(b.send(0, 'x', bytes(4, 1), 'gradients')).rejects.toThrow('rank 0 is gone')
    await expect(b.flush()).rejects.toThrow('rank 0 is gone')
    // The other rank is told by whoever coordinates both; until then it can still send.
    void a.send(1, 'x', bytes(4, 1), 'gradients')
  })

  test('a rank may send to itself', async () => {
    const [, b] = open(wire, 2) as [Transport, Transport]
    void b.send(1, 'x', bytes(9, 4), 'parameters')
    expect(await take(b, 1, 'x', 9)).toEqual(bytes(9, 4))
  })
})

test('what goes wrong while frames are taken in ends the transport, and whoever waits hears it', async () => {
  const setups = createSharedRings(2, 1024)
  const [a, b] = setups.map(openTransport) as [Transport, Transport]
  opened.push(a, b)
  const waiting = take(b, 0, 'x', 4)
  // A frame of more bytes than its message has.
  const memory = setups[1]!.inbound[0]!
  const words = new Uint32Array(memory, 64)
  words.set([0, 0xff, 4, 64])
  Atomics.store(new Int32Array(memory), 0, 80)
  void a.send(1, 'x', bytes(4, 1), 'gradients')
  await expect(waiting).rejects.toThrow('offset is out of bounds')
  await expect(take(b, 0, 'x', 4)).rejects.toThrow('offset is out of bounds')
})

test('refuses ring sizes that are no power of two', () => {
  expect(() => createSharedRings(2, 3000)).toThrow('bytesPerRing: 3000 is not a power of two')
})

test('a memory setup opens once', () => {
  const [setup] = createTransports('memory', 2)
  if (setup === undefined) throw new Error('no setup')
  opened.push(openTransport(setup))
  expect(() => openTransport(setup)).toThrow('transport: rank 0 of memory hub')
})
