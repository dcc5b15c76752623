import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { OrderedOp } from '../../../src/schedule/dependencies.ts'
import { dependenciesOf } from '../../../src/schedule/dependencies.ts'

const op = (stream: string, reads: string, writes: string): OrderedOp => ({
  stream,
  reads: [...reads],
  writes: [...writes],
})

const waits = (ops: readonly OrderedOp[], rename?: (name: string) => string) => {
  const dependencies = dependenciesOf(ops, rename)
  return ops.map((_, i) => [...dependencies.of(i)])
}

test('the op before it on its stream, the last writer, the readers since', () => {
  expect(waits([op('a', '', 'x'), op('a', '', ''), op('b', 'x', ''), op('c', 'x', ''), op('d', '', 'x')])).toEqual([
    [],
    [0],
    [0],
    [0],
    [0, 2, 3],
  ])
})

test('an accumulating op waits for the writer and holds up the next reader', () => {
  expect(waits([op('a', '', 'g'), op('b', 'g', 'g'), op('c', 'g', '')])).toEqual([[], [0], [1]])
})

test('one wait per stream, none that its stream has waited for already', () => {
  expect(waits([op('a', '', 'x'), op('a', '', 'y'), op('b', 'xy', ''), op('b', 'x', '')])).toEqual([[], [0], [1], [2]])
})

test('names that share storage depend on each other', () => {
  const ops = [op('a', '', 'x'), op('b', 'x', ''), op('c', '', 'y')]
  expect(waits(ops)[2]).toEqual([])
  expect(waits(ops, () => 'slot')[2]).toEqual([0, 1])
})

test('reaches exactly what the rule reaches', () => {
  const names = fc.uniqueArray(fc.constantFrom(...'uvwxyz'), { maxLength: 3 })
  const ops = fc.array(fc.record({ stream: fc.constantFrom(...'abcd'), reads: names, writes: names }), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(ops, (list) => {
      const found = closure(waits(list))
      const expected = closure(list.map((each, i) => ruleOf(list, each, i)))
      expect(found).toEqual(expected)
    }),
  )
})

/** The rule word by word, without any shortcut. */
function ruleOf(list: readonly OrderedOp[], each: OrderedOp, i: number): number[] {
  const before = list.slice(0, i)
  const found = new Set<number>()
  const previous = before.findLastIndex((other) => other.stream === each.stream)
  if (previous >= 0) found.add(previous)
  for (const name of [...each.reads, ...each.writes]) {
    const writer = before.findLastIndex((other) => other.writes.includes(name))
    if (writer >= 0) found.add(writer)
    if (each.writes.includes(name))
      before.forEach((other, j) => j > writer && other.reads.includes(name) && found.add(j))
  }
  return [...found]
}

/** By op: everything that is finished before it starts. */
function closure(direct: readonly (readonly number[])[]): number[][] {
  const all: Set<number>[] = []
  for (const targets of direct) all.push(new Set(targets.flatMap((j) => [j, ...all[j]!])))
  return all.map((set) => [...set].sort((a, b) => a - b))
}

test('a long list', () => {
  const streams = Array.from({ length: 20 }, (_, i) => `s${i}`)
  const buffers = Array.from({ length: 5000 }, (_, i) => `b${i}`)
  const ops = Array.from({ length: 100_000 }, (_, i) => ({
    stream: streams[(i * 7) % 20]!,
    reads: [buffers[(i * 31) % 5000]!, buffers[(i * 17) % 5000]!],
    writes: [buffers[(i * 13) % 5000]!],
  }))
  const dependencies = dependenciesOf(ops)
  expect(dependencies.offsets.length).toBe(100_001)
  // At most one wait per stream.
  expect(dependencies.targets.length).toBeLessThan(20 * ops.length)
})
