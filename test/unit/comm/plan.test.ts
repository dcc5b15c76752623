import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { evenParts } from '../../../src/core/parts.ts'
import { memberPlan, collectivePlan, type CollectivePlan } from '../../../src/comm/plan.ts'
import { collectiveBytes, planBytes } from '../../../src/comm/traffic.ts'
import type { PlanAlgorithm, PlanKind, PlanRequest, RecvStep, SendStep } from '../../../src/comm/steps.ts'

const KINDS: PlanKind[] = ['allReduce', 'reduceScatter', 'allGather', 'broadcast', 'reduce', 'gather', 'scatter']
const ALGORITHMS: PlanAlgorithm[] = ['ring', 'tree', 'star']
const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9]

/** Runs a plan with sets of contributors instead of numbers: every element lists whose values went into it. */
function contributions(p: CollectivePlan): string[][] {
  const N = p.members.length
  const work = p.members.map((m) =>
    Array.from({ length: p.layout.elements }, (_, e) =>
      e >= m.holds.offset && e < m.holds.offset + m.holds.length ? `${m.member}` : '',
    ),
  )
  const links = new Map<string, { values: string[]; offset: number }[]>()
  const link = (from: number, to: number) => {
    const key = `${from}>${to}`
    const queue = links.get(key) ?? []
    links.set(key, queue)
    return queue
  }
  const next = Array.from({ length: N }, () => 0)
  for (let progress = true; progress;) {
    progress = false
    for (const [i, m] of p.members.entries()) {
      for (let step = m.steps[next[i]!]; step !== undefined; step = m.steps[next[i]!]) {
        const own = work[i]!
        if (step.kind === 'send') {
          link(i, step.peer).push({ values: own.slice(step.offset, step.offset + step.length), offset: step.offset })
        } else {
          const message = link(step.peer, i).shift()
          if (message === undefined) break
          expect(message.offset, 'both ends name the same range').toBe(step.offset)
          expect(message.values.length).toBe(step.length)
          for (const [k, value] of message.values.entries()) {
            const e = step.offset + k
            own[e] = step.mode === 'copy' ? value : `(${own[e]}+${value})`
          }
        }
        next[i]!++
        progress = true
      }
    }
  }
  for (const [i, m] of p.members.entries()) expect(next[i], `member ${i} ran all its steps`).toBe(m.steps.length)
  for (const queue of links.values()) expect(queue, 'every message was taken').toEqual([])
  return p.members.map((m, i) => work[i]!.slice(m.keeps.offset, m.keeps.offset + m.keeps.length))
}

const letters = (value: string) =>
  value
    .replace(/[()]/g, '')
    .split('+')
    .map(Number)
    .sort((a, b) => a - b)

function check(request: PlanRequest): void {
  const p = collectivePlan(request)
  const kept = contributions(p)
  const everybody = Array.from({ length: request.size }, (_, i) => i)
  const sums = ['allReduce', 'reduce', 'reduceScatter'].includes(request.kind)
  const ownerOf = (e: number) => p.layout.parts.findIndex((part) => e >= part.offset && e < part.offset + part.length)
  for (const [i, values] of kept.entries()) {
    for (const [k, value] of values.entries()) {
      const e = p.members[i]!.keeps.offset + k
      const expected = sums
        ? everybody
        : [request.kind === 'allGather' || request.kind === 'gather' ? ownerOf(e) : p.layout.root]
      expect(letters(value), `element ${e} at member ${i}`).toEqual(expected)
    }
  }
  if (request.kind === 'allReduce') for (const values of kept) expect(values, 'same order everywhere').toEqual(kept[0])
  let sent = 0
  let received = 0
  for (const m of p.members) {
    const counted = planBytes(m)
    expect(collectiveBytes(request, m.member), `bytes of member ${m.member}`).toEqual(counted)
    sent += counted.sent
    received += counted.received
  }
  expect(sent).toBe(received)
}

const requests = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    algorithm: fc.constantFrom(...ALGORITHMS),
    root: fc.nat(8),
    parts: fc.array(fc.nat(7), { minLength: 1, maxLength: 9 }),
  })
  .map(({ kind, algorithm, root, parts }): PlanRequest => ({
    kind,
    algorithm,
    size: parts.length,
    elements: parts.reduce((sum, length) => sum + length, 0),
    parts,
    root: root % parts.length,
  }))

describe('collective plans', () => {
  test.each(KINDS.flatMap((kind) => ALGORITHMS.map((algorithm) => ({ kind, algorithm }))))(
    '$algorithm $kind: each contribution once, bytes by formula',
    ({ kind, algorithm }) => {
      for (const size of SIZES) {
        for (const elements of [0, 1, size - 1, size, size + 1, 3 * size + 2]) {
          for (const root of [0, size - 1]) check({ kind, algorithm, size, elements, root })
        }
      }
    },
  )

  test('any parts, any root', () => {
    fc.assert(fc.property(requests, check), { numRuns: 300 })
  })

  test('a range to send is all own or all received, never half', () => {
    fc.assert(
      fc.property(requests, (request) => {
        for (const m of collectivePlan(request).members) {
          const taken = new Set<number>()
          for (const step of m.steps) {
            let known = 0
            for (let e = step.offset; e < step.offset + step.length; e++) if (taken.has(e)) known++
            expect([0, step.length]).toContain(known)
            if (step.kind === 'recv') for (let e = step.offset; e < step.offset + step.length; e++) taken.add(e)
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  test('a ring forms one ring and has 2(N−1) rounds', () => {
    for (const size of SIZES.slice(1)) {
      const members = collectivePlan({ kind: 'allReduce', algorithm: 'ring', size, elements: size * 3 }).members
      for (const m of members) {
        const sends = m.steps.filter((step): step is SendStep => step.kind === 'send')
        const recvs = m.steps.filter((step): step is RecvStep => step.kind === 'recv')
        expect(sends.length).toBe(2 * (size - 1))
        expect(new Set(sends.map((step) => step.peer))).toEqual(new Set([(m.member + 1) % size]))
        expect(new Set(recvs.map((step) => step.peer))).toEqual(new Set([(m.member + size - 1) % size]))
      }
    }
  })

  test('ring all-reduce moves exactly 2(N−1)/N · S per rank, within two elements where N does not divide S', () => {
    for (const size of SIZES) {
      for (const elements of [size * 5, size * 5 + 1, size * 6 - 1]) {
        const request: PlanRequest = { kind: 'allReduce', algorithm: 'ring', size, elements }
        const ideal = ((2 * (size - 1)) / size) * elements * 4
        for (let member = 0; member < size; member++) {
          const moved = planBytes(memberPlan(request, member))
          if (elements % size === 0) expect(moved).toEqual({ sent: ideal, received: ideal })
          expect(Math.abs(moved.sent - ideal)).toBeLessThan(8)
          expect(Math.abs(moved.received - ideal)).toBeLessThan(8)
        }
      }
    }
  })

  test('a tree reduces in a logarithm of rounds: the root has ⌈log2 N⌉ children', () => {
    for (const size of SIZES) {
      const root = memberPlan({ kind: 'reduce', algorithm: 'tree', size, elements: 4, root: size - 1 }, size - 1)
      expect(root.steps.length).toBe(Math.ceil(Math.log2(size)))
    }
  })

  test('even parts differ by at most one, larger first', () => {
    expect(evenParts(10, 4)).toEqual([3, 3, 2, 2])
    expect(evenParts(2, 5)).toEqual([1, 1, 0, 0, 0])
  })

  test('refuses parts that do not add up, a root outside, a group of none', () => {
    const base = { kind: 'gather', algorithm: 'star', size: 2, elements: 4 } as const
    expect(() => collectivePlan({ ...base, parts: [1, 2] })).toThrow('parts: add up to 3, not to the 4 elements')
    expect(() => collectivePlan({ ...base, parts: [4] })).toThrow('parts: 1 parts for 2 members')
    expect(() => collectivePlan({ ...base, root: 2 })).toThrow('root: 2 is not a member of a group of 2')
    expect(() => memberPlan({ ...base, size: 0 }, 0)).toThrow('size: 0 is not a group of at least 1')
    expect(() => memberPlan(base, 2)).toThrow('member: 2')
  })
})
