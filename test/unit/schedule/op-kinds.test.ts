import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import type { RunConfig } from '../../../src/config/types.ts'
import { RefusedError } from '../../../src/core/errors.ts'
import { accessOf } from '../../../src/model/access.ts'
import { accessOfWork } from '../../../src/model/work-access.ts'
import { namesReadBy, spansOf, withBuffers } from '../../../src/schedule/op-buffers.ts'
import type { OpKind, OpKindRow, OpKindTable } from '../../../src/schedule/op-kinds.ts'
import { OP_KINDS, isCollective, isCompute, isMessage, launchesOfOp } from '../../../src/schedule/op-kinds.ts'
import type { ClearOp, CollectiveOp, EncodeOp, GradNormOp, Op, OptimizerStepOp } from '../../../src/schedule/program.ts'
import { labelOf, opText, parseOp } from '../../../src/schedule/text.ts'
import { buildProgram } from '../../../src/strategy/build.ts'
import { randomInput } from '../../lib/random-config.ts'

const KINDS = Object.keys(OP_KINDS) as OpKind[]

function parsed(input: unknown): RunConfig | null {
  try {
    return parseConfig(input)
  } catch (error) {
    if (error instanceof RefusedError) return null
    throw error
  }
}

/** Every op of random configurations that execute; the kinds among them. */
function eachOp(runs: number, check: (op: Op, buffers: ReadonlySet<string>) => void): Set<OpKind> {
  const seen = new Set<OpKind>()
  fc.assert(
    fc.property(randomInput, (input) => {
      const config = parsed(input)
      if (config === null) return
      for (const { prologue, step, epilogue, buffers } of buildProgram(config).ranks) {
        const declared = new Set(buffers.keys())
        for (const op of [...prologue, ...step, ...epilogue]) {
          seen.add(op.kind)
          check(op, declared)
        }
      }
    }),
    { numRuns: runs, seed: 5 },
  )
  return seen
}

interface Touched {
  readonly reads: ReadonlySet<string>
  readonly writes: ReadonlySet<string>
}

/** What an op reads and writes by the columns of its row: its spans and names, and of a segment what its kernels bind. */
function touchedBy(op: Op): Touched {
  if (isCompute(op)) {
    const { reads, writes } = accessOfWork(op)
    return { reads: new Set(reads), writes: new Set(writes) }
  }
  const { read, written } = spansOf(op)
  const filled = Object.entries(OP_KINDS[op.kind].names).flatMap(([field, access]) => {
    const value: unknown = access === 'written' ? Reflect.get(op, field) : []
    return typeof value === 'string' ? [value] : Object.values(value as Record<string, string>)
  })
  return {
    reads: new Set([...read.map(({ buffer }) => buffer), ...namesReadBy(op)]),
    writes: new Set([...written.map(({ buffer }) => buffer), ...filled]),
  }
}

/** Scalars and scratch that the kernels of an op share among themselves. */
const OWN = ['hyper', 'norm:partials']

const listed = (names: Iterable<string>, without: readonly string[] = []) =>
  [...new Set(names)]
    .filter((name) => !without.includes(name))
    .sort()
    .join(', ')

test('the spans and names of a row are what its ops read and write, and what their kernels bind', () => {
  const seen = eachOp(300, (op) => {
    const { reads, writes } = touchedBy(op)
    expect(listed(reads), opText(op)).toBe(listed(op.reads))
    expect(listed(writes), opText(op)).toBe(listed(op.writes))
    const launches = launchesOfOp(op)
    if (launches.length === 0 || isCompute(op)) return
    const bound = accessOf(launches)
    expect(listed(bound.reads, OWN), opText(op)).toBe(listed(reads, OWN))
    expect(listed(bound.writes, OWN), opText(op)).toBe(listed(writes, OWN))
  })
  expect([...seen].sort()).toEqual(KINDS.toSorted())
})

/** Texts anywhere in a value. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

test('an op on other buffers names no other, and is the same on its own', () => {
  eachOp(40, (op, buffers) => {
    const moved = withBuffers(op, (name) => `other ${name}`)
    // A segment or a subject may be called like a buffer.
    const left = Object.entries(moved).flatMap(([field, value]) =>
      ['kind', 'stream', 'segment', 'subject', 'traffic'].includes(field) ? [] : textsIn(value),
    )
    expect(
      left.filter((text) => buffers.has(text)),
      opText(op),
    ).toEqual([])
    expect(withBuffers(moved, (name) => name.replace('other ', ''))).toEqual(op)
  })
})

test('the word of every kind is its own, and the text of every op parses back', () => {
  const words = KINDS.flatMap((kind) => [OP_KINDS[kind].word, ...Object.values(OP_KINDS[kind].wordFor)])
  expect(new Set(words).size).toBe(words.length)
  const texts = new Set<string>()
  eachOp(40, (op) => {
    const text = opText(op)
    if (texts.has(text)) return
    texts.add(text)
    expect(parseOp(text), text).toEqual(labelOf(op))
  })
})

test('an op has the fields of its class', () => {
  eachOp(40, (op) => {
    expect([op.kind, isCompute(op), isCollective(op), isMessage(op)]).toEqual([
      op.kind,
      'segment' in op,
      'group' in op,
      'peer' in op,
    ])
  })
})

/** Compiles for a whole row alone. */
const rowOf = <Each extends Op>(row: OpKindRow<Each>) => Object.keys(row).length
const tableOf = (table: OpKindTable) => Object.keys(table).length

test('a table that lacks a kind, a row that lacks a column and a column that lacks a field do not compile', () => {
  const { report: _report, ...fewer } = OP_KINDS
  // @ts-expect-error no row for reports
  expect(tableOf(fewer)).toBe(tableOf(OP_KINDS) - 1)
  const whole = rowOf<ClearOp>(OP_KINDS.clear)
  const { word: _word, ...wordless } = OP_KINDS.clear
  // @ts-expect-error no word
  expect(rowOf<ClearOp>(wordless)).toBe(whole - 1)
  const { performed: _performed, ...idle } = OP_KINDS.clear
  // @ts-expect-error not said how it is performed
  expect(rowOf<ClearOp>(idle)).toBe(whole - 1)
  const { spans: _spans, ...spanless } = OP_KINDS.clear
  // @ts-expect-error no spans
  expect(rowOf<ClearOp>(spanless)).toBe(whole - 1)
  const { launches: _launches, ...still } = OP_KINDS.clear
  // @ts-expect-error no launches
  expect(rowOf<ClearOp>(still)).toBe(whole - 1)
  const { cost: _cost, ...free } = OP_KINDS.clear
  // @ts-expect-error no cost
  expect(rowOf<ClearOp>(free)).toBe(whole - 1)
  const { drawing: _drawing, ...unseen } = OP_KINDS.clear
  // @ts-expect-error no drawing
  expect(rowOf<ClearOp>(unseen)).toBe(whole - 1)
  // @ts-expect-error the residue's span is forgotten
  rowOf<EncodeOp>({ ...OP_KINDS.encode, spans: { source: 'read', target: 'written' } })
  const { master: _master, ...others } = OP_KINDS.optimizerStep.spans.updates
  // @ts-expect-error the master's span is forgotten
  rowOf<OptimizerStepOp>({ ...OP_KINDS.optimizerStep, spans: { updates: others } })
  // @ts-expect-error a gradient norm has no such field
  rowOf<GradNormOp>({ ...OP_KINDS.gradNorm, names: { total: 'written' } })
  // @ts-expect-error a collective has sides
  rowOf<CollectiveOp>({ ...OP_KINDS.allReduce, sides: null })
})
