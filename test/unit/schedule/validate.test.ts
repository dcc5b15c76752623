import { expect, test } from 'vitest'
import type { Action } from '../../../src/schedule/actions.ts'
import type { CollectiveOp, Op, Program } from '../../../src/schedule/program.ts'
import type { PipelineShape } from '../../../src/schedule/orders/shape.ts'
import { SCHEDULE_NAMES, scheduleOf } from '../../../src/schedule/registry.ts'
import { validateProgram } from '../../../src/schedule/validate.ts'
import { validateOrder } from '../../lib/validate-order.ts'
import type { CollectiveParts } from './small-program.ts'
import { collective, finish, pipelineProgram, span, withStep } from './small-program.ts'

/** A linear congruential generator: the same mutations every time. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const shapeOf = (name: (typeof SCHEDULE_NAMES)[number], p: number, m: number): PipelineShape => ({
  stages: p,
  microbatches: m,
  chunks: scheduleOf(name).chunks.proposed,
})

const swapped = <Each>(list: readonly Each[], i: number, j: number): Each[] =>
  list.map((each, k) => (k === i ? list[j]! : k === j ? list[i]! : each))

test.each(SCHEDULE_NAMES)('%s: the Program of every small shape is valid', (name) => {
  for (const [p, m] of [
    [1, 1],
    [1, 3],
    [2, 2],
    [2, 6],
    [3, 3],
    [3, 6],
    [4, 8],
  ] as const)
    validateProgram(pipelineProgram(name, shapeOf(name, p, m)))
})

/** Ops without which, or in the wrong order of which, the step computes something else. */
function partners(ops: readonly Op[]): [number, number][] {
  const pairs: [number, number][] = []
  for (const [j, op] of ops.entries())
    for (const name of op.reads) {
      const i = ops.findLastIndex((other, at) => at < j && other.writes.includes(name))
      // Two additions to one sum may change places.
      if (i >= 0 && !op.writes.includes(name) && !name.startsWith('norm')) pairs.push([i, j])
    }
  for (const [j, op] of ops.entries())
    if (op.kind === 'send' || op.kind === 'recv') {
      const i = ops.findIndex((other, at) => at < j && other.kind === op.kind && other.stream === op.stream)
      if (i >= 0) pairs.push([i, j])
    }
  return pairs
}

const REMOVABLE: ReadonlySet<string> = new Set([
  'forward',
  'backward',
  'backwardInput',
  'backwardWeight',
  'send',
  'recv',
  'loadBatch',
  'allReduce',
  'gradNorm',
])

test('200 wrong Programs, an op removed or two swapped, are refused with the op marked', () => {
  const random = generator(20240521)
  for (let k = 0; k < 200; k++) {
    const name = SCHEDULE_NAMES[k % SCHEDULE_NAMES.length]!
    const program = pipelineProgram(name, shapeOf(name, 2 + random(3), 12))
    const rank = random(program.world)
    const { step } = program.ranks[rank]!
    const pairs = partners(step)
    const removable = step.flatMap((op, i) => (REMOVABLE.has(op.kind) ? [i] : []))
    const [i, j] = k % 2 === 0 ? [removable[random(removable.length)]!, -1] : pairs[random(pairs.length)]!
    const mutated = j < 0 ? step.filter((_, at) => at !== i) : swapped(step, i, j)
    expect(
      () => validateProgram(withStep(program, rank, mutated)),
      `${name}, rank ${rank}: ${j < 0 ? `without ${i}` : `${i} and ${j} swapped`}`,
    ).toThrow(/^rank \d+, [^\n]*: [^]*\nrank [^]*>[^]*</)
  }
})

/** Positions of actions one of which needs the other, on one rank. */
function dependentActions(row: readonly Action[]): [number, number][] {
  const at = (kind: string, { stage, microbatch }: Action) =>
    row.findIndex((each) => each.kind === kind && each.stage === stage && each.microbatch === microbatch)
  return row.flatMap((action, j): [number, number][] => {
    if (action.kind === 'F') return []
    return [[at(action.kind === 'W' ? 'I' : 'F', action), j]]
  })
}

test('200 wrong orders, an action removed or two swapped, are refused', () => {
  const random = generator(7)
  for (let k = 0; k < 200; k++) {
    const name = SCHEDULE_NAMES[k % SCHEDULE_NAMES.length]!
    const shape = shapeOf(name, 2 + random(3), 12)
    const schedule = scheduleOf(name)
    const order = schedule.order(shape)
    const rank = random(order.length)
    const row = order[rank]!
    const pairs = dependentActions(row)
    const [i, j] = k % 2 === 0 ? [random(row.length), -1] : pairs[random(pairs.length)]!
    const mutated = j < 0 ? row.filter((_, at) => at !== i) : swapped(row, i, j)
    const all = order.map((each, r) => (r === rank ? mutated : each))
    expect(
      () => validateOrder(all, schedule.stageToRank(shape), shape.microbatches),
      `${name} ${rank} ${i} ${j}`,
    ).toThrow(/rank \d/)
  }
})

const world = (...steps: Parameters<typeof finish>[1][]): Program => ({
  world: steps.length,
  ranks: steps.map((step, rank) => finish(rank, step)),
  groups: {},
})

const both = (kind: CollectiveOp['kind'], parts: CollectiveParts, other: CollectiveParts) =>
  world([collective(kind, [0, 1], parts)], [collective(kind, [0, 1], other)])

const keep = (length: number, offset = 0) => [span('keep', length, offset)]

test('collectives: sizes must fit', () => {
  validateProgram(both('allReduce', { source: keep(8), target: keep(8) }, { source: keep(8), target: keep(8) }))
  const short = both('allReduce', { source: keep(8), target: keep(8) }, { source: keep(4), target: keep(4) })
  expect(() => validateProgram(short)).toThrow(
    'rank 1, ALL_REDUCE:bucket 0@0+1: brings 4 elements instead of 8\n' +
      'rank 0: >ALL_REDUCE:bucket 0@0+1<\nrank 1: >ALL_REDUCE:bucket 0@0+1<',
  )
  const parts = [5, 3]
  const scattered = (second: number) =>
    both('reduceScatter', { source: keep(8), target: keep(5), parts }, { source: keep(8), target: keep(second), parts })
  validateProgram(scattered(3))
  expect(() => validateProgram(scattered(4))).toThrow('keeps 4 elements instead of 3')
  const rooted = { source: keep(8), target: [], root: 0 }
  validateProgram(both('broadcast', rooted, { source: [], target: keep(8), root: 0 }))
  expect(() => validateProgram(both('broadcast', rooted, { source: [], target: keep(8), root: 1 }))).toThrow('root 1')
  expect(() => validateProgram(both('gather', rooted, rooted))).toThrow('has no parts')
})

test('collectives: the whole group, in the same order', () => {
  const one = (subject: string, group = [0, 1]) =>
    collective('allReduce', group, { source: keep(8), target: keep(8), subject })
  expect(() => validateProgram(world([one('a'), one('b')], [one('b'), one('a')]))).toThrow('enters with subject b')
  expect(() => validateProgram(world([one('a'), one('b')], [one('a')]))).toThrow(
    'rank 0, ALL_REDUCE:b@0+1: rank 1 never enters this',
  )
  expect(() => validateProgram(world([one('a', [1])], []))).toThrow('rank 0 is not in the group 1')
  expect(() => validateProgram(world([one('a', [0, 2])], []))).toThrow('there is no rank 2')
})

test('collectives of two groups in opposite order deadlock', () => {
  const on = (stream: string, buffer: string) => ({
    ...collective('allReduce', [0, 1], { source: [span(buffer)], target: [span(buffer)] }),
    stream,
    reads: [buffer, 'keep'],
    writes: [buffer, 'keep'],
  })
  validateProgram(world([on('x', 'keep0'), on('y', 'keep1')], [on('x', 'keep0'), on('y', 'keep1')]))
  expect(() =>
    validateProgram(world([on('x', 'keep0'), on('y', 'keep1')], [on('y', 'keep1'), on('x', 'keep0')])),
  ).toThrow(/waits for ever, as do 1 other ranks/)
})

function replaced(program: Program, rank: number, kind: Op['kind'], change: (op: Op) => Op): Program {
  const { step } = program.ranks[rank]!
  const at = step.findIndex((op) => op.kind === kind)
  return withStep(
    program,
    rank,
    step.map((op, i) => (i === at ? change(op) : op)),
  )
}

test('messages must fit in length, micro-batch and peer', () => {
  const program = pipelineProgram('1f1b', { stages: 2, microbatches: 2, chunks: 1 })
  const recv = (change: object) => replaced(program, 1, 'recv', (op) => ({ ...op, ...change }) as Op)
  expect(() => validateProgram(recv({ target: [span('in:1:0', 4)] }))).toThrow('expects 4 elements, but 8 are sent')
  expect(() => validateProgram(recv({ microbatch: 1 }))).toThrow('expects microbatch 1')
  expect(() => validateProgram(recv({ peer: 5 }))).toThrow('there is no peer 5')
  expect(() => validateProgram(recv({ stream: 'recv:0:F7' }))).toThrow('rank 1, 1RECV_F1<0: expects microbatch 1')
})

test('an op stays inside declared buffers and says what it touches', () => {
  const program = pipelineProgram('gpipe', { stages: 1, microbatches: 1, chunks: 1 })
  const norm = (change: object) => replaced(program, 0, 'gradNorm', (op) => ({ ...op, ...change }) as Op)
  expect(() => validateProgram(norm({ writes: ['elsewhere'] }))).toThrow('writes elsewhere, which is not declared')
  expect(() => validateProgram(norm({ spans: [span('grad:0', 8, 1)] }))).toThrow(
    'elements 1 to 9 lie outside grad:0, which has 8',
  )
  expect(() => validateProgram(norm({ spans: [span('param:0')] }))).toThrow('takes from param:0 without listing it')
})

test('what nobody reads, and what nobody has written', () => {
  const clear = (name: string) => ({
    kind: 'clear' as const,
    stream: 'compute',
    spans: [span(name)],
    reads: [],
    writes: [name],
  })
  const use = { kind: 'report' as const, stream: 'host', loss: 'x', reads: ['x'], writes: [] }
  validateProgram(world([clear('x'), use]))
  expect(() => validateProgram(world([use, clear('x')]))).toThrow(
    'rank 0, REPORT: reads x, which nothing has written yet',
  )
  expect(() => validateProgram(world([clear('x'), clear('y'), use]))).toThrow(
    'rank 0, CLEAR: writes y, which nobody reads',
  )
  // Only persistent buffers are carried from the step to the epilogue.
  const carried = world([clear('x'), use])
  const epilogue = carried.ranks.map((rank) => ({ ...rank, epilogue: [{ ...use, id: 9 }] }))
  expect(() => validateProgram({ ...carried, ranks: epilogue })).toThrow('which nothing has written yet (epilogue)')
})

test('a step without its update is refused', () => {
  const program = pipelineProgram('1f1b', { stages: 2, microbatches: 1, chunks: 1 })
  const step = program.ranks[1]!.step.filter((op) => op.kind !== 'optimizerStep')
  expect(() => validateProgram(withStep(program, 1, step))).toThrow('rank 1 never updates m:1')
})

test('a list that works only when later ops overtake is refused', () => {
  const program = pipelineProgram('1f1b', { stages: 2, microbatches: 1, chunks: 1 })
  const { step } = program.ranks[0]!
  const send = step.find((op) => op.kind === 'send')!
  const rest = step.filter((op) => op !== send)
  const backward = rest.findIndex((op) => op.kind === 'backward')
  const late = [...rest.slice(0, backward + 1), send, ...rest.slice(backward + 1)]
  expect(() => validateProgram(withStep(program, 0, late))).toThrow(/waits for ever/)
})
