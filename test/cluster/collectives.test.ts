import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runCollective } from '../../src/cluster/collectives.ts'
import { createMemoryHub } from '../../src/cluster/transport/memory.ts'
import { createPortMesh, PortTransport } from '../../src/cluster/transport/ports.ts'
import { createSharedRings, SharedRingTransport } from '../../src/cluster/transport/shared-ring.ts'
import type { Transport } from '../../src/cluster/transport/transport.ts'
import { vectorLayout, memberPlan } from '../../src/comm/plan.ts'
import { collectiveBytes } from '../../src/comm/traffic.ts'
import type { PlanAlgorithm, PlanKind, PlanRequest } from '../../src/comm/steps.ts'

const KINDS: PlanKind[] = ['allReduce', 'reduceScatter', 'allGather', 'broadcast', 'reduce', 'gather', 'scatter']
const ALGORITHMS: PlanAlgorithm[] = ['ring', 'tree', 'star']

const rings = (world: number): Transport[] => createSharedRings(world, 4096).map((s) => new SharedRingTransport(s))
const ports = (world: number): Transport[] => createPortMesh(world).map((s) => new PortTransport(s))

/** Values whose sum depends on the order of additions. */
function vector(member: number, elements: number): Float32Array {
  return Float32Array.from({ length: elements }, (_, e) =>
    Math.fround(Math.sin(member * 977 + e * 1.37) * 10 ** (e % 5)),
  )
}

interface Outcome {
  readonly targets: readonly Float32Array[]
  readonly handed: readonly Uint8Array[]
}

/** All members of one collective in this thread; ranks are dealt in reverse so that member and rank differ. */
async function runAll(
  transports: readonly Transport[],
  request: PlanRequest,
  chunkElements: number,
  options: { readonly combine?: 'sum' | 'max'; readonly late?: boolean; readonly inPlace?: boolean } = {},
): Promise<Outcome> {
  const group = transports.map((_, i) => transports.length - 1 - i)
  const targets: Float32Array[] = []
  const handed: Uint8Array[] = []
  await Promise.all(
    group.map((rank, member) => {
      const { holds, keeps } = memberPlan(request, member)
      const source = vector(member, request.elements).slice(holds.offset, holds.offset + holds.length)
      const inPlace = options.inPlace === true && holds.length === keeps.length
      const target = inPlace ? source : new Float32Array(keeps.length).fill(NaN)
      const arriving = options.late === true ? source.slice() : source
      if (options.late === true) source.fill(NaN)
      const seen = new Uint8Array(keeps.length)
      targets.push(target)
      handed.push(seen)
      return runCollective({
        transport: transports[rank]!,
        request,
        group,
        member,
        source,
        target,
        channel: 'test',
        traffic: 'gradients',
        chunkElements,
        ...(options.combine === undefined ? {} : { combine: options.combine }),
        ...(options.late === true
          ? {
              sourceReady: async (offset: number, length: number) => {
                await new Promise((resolve) => setImmediate(resolve))
                source.set(arriving.subarray(offset, offset + length), offset)
              },
            }
          : {}),
        targetReady: (offset, length) => {
          for (let e = offset; e < offset + length; e++) seen[e] = (seen[e] ?? 0) + 1
        },
      })
    }),
  )
  return { targets, handed }
}

/** Worst difference from the sum (or copy) in float64, relative to the largest summand. */
function check(request: PlanRequest, { targets, handed }: Outcome, pick: 'sum' | 'max' = 'sum'): void {
  const { parts, root, size } = vectorLayout(request)
  const sources = Array.from({ length: size }, (_, member) => vector(member, request.elements))
  const reduces = ['allReduce', 'reduce', 'reduceScatter'].includes(request.kind)
  for (const [member, target] of targets.entries()) {
    const { keeps } = memberPlan(request, member)
    for (let i = 0; i < keeps.length; i++) {
      const e = keeps.offset + i
      const owner = parts.findIndex((part) => e >= part.offset && e < part.offset + part.length)
      const from = request.kind === 'allGather' || request.kind === 'gather' ? owner : root
      const values = reduces ? sources.map((source) => source[e]!) : [sources[from]![e]!]
      const expected = pick === 'sum' ? values.reduce((a, b) => a + b, 0) : Math.max(...values)
      const difference = Math.abs(target[i]! - expected)
      const scale = Math.max(...values.map(Math.abs))
      if (!(difference <= 1e-6 * scale)) {
        expect.fail(
          `member ${member}, element ${e}: ${target[i]} for ${expected}, off ${difference} (${difference / scale})`,
        )
      }
    }
    expect(handed[member], `member ${member}: every element handed out once`).toEqual(
      new Uint8Array(keeps.length).fill(1),
    )
  }
  if (request.kind === 'allReduce') for (const target of targets) expect(bits(target)).toEqual(bits(targets[0]!))
}

function bits(array: Float32Array): Uint32Array {
  return new Uint32Array(array.buffer, array.byteOffset, array.length)
}

describe('over memory', () => {
  test.each(KINDS.flatMap((kind) => ALGORITHMS.map((algorithm) => ({ kind, algorithm }))))(
    '$algorithm $kind equals the plain sum or copy, bytes as predicted',
    async ({ kind, algorithm }) => {
      for (const size of [1, 2, 3, 4, 7]) {
        for (const elements of [0, 1, size + 1, 41]) {
          const request: PlanRequest = { kind, algorithm, size, elements, root: size - 1 }
          const hub = createMemoryHub(size)
          check(request, await runAll(hub, request, 4))
          for (let member = 0; member < size; member++) {
            const transport = hub[size - 1 - member]!
            const moved = collectiveBytes(request, member)
            expect({ sent: transport.sent.gradients, received: transport.received.gradients }).toEqual(moved)
          }
        }
      }
    },
  )

  test('any parts and root; the chunk size and late sources do not change a bit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...KINDS),
        fc.constantFrom(...ALGORITHMS),
        fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }),
        fc.nat(5),
        fc.integer({ min: 1, max: 30 }),
        async (kind, algorithm, parts, root, chunk) => {
          const elements = parts.reduce((sum, length) => sum + length, 0)
          const request = { kind, algorithm, size: parts.length, elements, parts, root: root % parts.length }
          const whole = await runAll(createMemoryHub(parts.length), request, 1000)
          const cut = await runAll(createMemoryHub(parts.length), request, chunk, { late: true })
          const inPlace = await runAll(createMemoryHub(parts.length), request, chunk, { inPlace: true })
          check(request, whole)
          check(request, cut)
          for (const [member, target] of whole.targets.entries()) {
            expect(bits(cut.targets[member]!)).toEqual(bits(target))
            expect(bits(inPlace.targets[member]!)).toEqual(bits(target))
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('the maximum instead of the sum', async () => {
    for (const algorithm of ALGORITHMS) {
      const request: PlanRequest = { kind: 'allReduce', algorithm, size: 4, elements: 33 }
      check(request, await runAll(createMemoryHub(4), request, 8, { combine: 'max' }), 'max')
    }
  })

  test('16 ranks', async () => {
    for (const algorithm of ALGORITHMS) {
      const request: PlanRequest = { kind: 'allReduce', algorithm, size: 16, elements: 1003 }
      check(request, await runAll(createMemoryHub(16), request, 17))
    }
  })

  test('refuses a source or target of the wrong length', async () => {
    const request: PlanRequest = { kind: 'allGather', algorithm: 'ring', size: 2, elements: 5 }
    const base = { transport: createMemoryHub(2)[0]!, request, group: [0, 1], member: 0, channel: 'x' } as const
    const run = (source: number, target: number) =>
      runCollective({
        ...base,
        traffic: 'parameters',
        source: new Float32Array(source),
        target: new Float32Array(target),
      })
    await expect(run(2, 5)).rejects.toThrow('source: 2 elements where the plan holds 3')
    await expect(run(3, 4)).rejects.toThrow('target: 4 elements where the plan keeps 5')
  })
})

describe.each([
  ['shared rings', rings],
  ['ports', ports],
])('over %s', (_, wire) => {
  test.each(ALGORITHMS)('%s: every kind, more than a ring holds', async (algorithm) => {
    const transports = wire(3)
    try {
      for (const kind of KINDS) {
        const request: PlanRequest = { kind, algorithm, size: 3, elements: 9001, root: 1 }
        check(request, await runAll(transports, request, 777))
      }
    } finally {
      for (const transport of transports) transport.close()
    }
  })

  test('an abort in the middle ends every member and leaves nothing pending', async () => {
    for (const doomed of [0, 1, 2]) {
      const transports = wire(3)
      const request: PlanRequest = { kind: 'allReduce', algorithm: 'ring', size: 3, elements: 50_000 }
      let chunks = 0
      const runs = transports.map((transport, member) =>
        runCollective({
          transport,
          request,
          group: [0, 1, 2],
          member,
          source: vector(member, request.elements),
          target: new Float32Array(request.elements),
          channel: 'x',
          traffic: 'gradients',
          chunkElements: 500,
          sourceReady: async () => {
            if (member !== doomed || ++chunks !== 20) return
            throw new Error(`device of rank ${doomed} lost`)
          },
        }).catch((error: Error) => {
          // What the coordinator does with a rank's first failure.
          for (const other of transports) other.abort(error)
          return error.message
        }),
      )
      expect(await Promise.all(runs)).toEqual(Array(3).fill(`device of rank ${doomed} lost`))
      for (const transport of transports) transport.close()
      for (const transport of transports) {
        if (transport instanceof SharedRingTransport) await transport.stopped
      }
    }
  })
})
