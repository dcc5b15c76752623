import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Op } from '../../../src/schedule/program.ts'
import { programFromJson, programToJson } from '../../../src/schedule/json.ts'
import { printProgramCsv, printProgramGrid } from '../../../src/schedule/program-grid.ts'
import { SCHEDULE_NAMES, scheduleOf } from '../../../src/schedule/registry.ts'
import { labelOf, opText, parseOp } from '../../../src/schedule/text.ts'
import { DIMS, pipelineProgram, span } from './small-program.ts'

const number = fc.nat({ max: 2000 })
const place = fc.record({ stage: number, microbatch: number }, { requiredKeys: [] })
const subject = fc
  .string({ unit: fc.constantFrom(...'abz09 .@:/+,"<>_'), minLength: 1 })
  .filter((text) => text.trim() !== '')
const segment = fc.stringMatching(/^[a-z][a-z0-9_.]{0,12}$/)
const group = fc.uniqueArray(number, { minLength: 1, maxLength: 5 })
const base = { id: 1, stream: 's', reads: [], writes: [] }

const op: fc.Arbitrary<Op> = fc.oneof(
  fc
    .record({
      kind: fc.constantFrom(...(['forward', 'recompute', 'backward', 'backwardInput', 'backwardWeight'] as const)),
      place,
      segment,
      rowStart: number,
    })
    .map(({ kind, place: where, segment: name, rowStart }) => ({
      ...base,
      ...where,
      kind,
      segment: { kind: 'mlp' as const, name, block: 0 },
      dims: { ...DIMS, rowStart },
      args: {},
      accumulate: false,
    })),
  fc
    .record({ kind: fc.constantFrom('send' as const, 'recv' as const), place, peer: number, subject, up: fc.boolean() })
    .map(({ kind, place: where, peer, subject: words, up }) => {
      const shared = { ...base, ...where, peer, subject: words, traffic: 'activations' as const, elementBytes: 4 }
      const direction = up ? ('F' as const) : ('B' as const)
      return kind === 'send' ? { ...shared, kind, direction, source: [] } : { ...shared, kind, direction, target: [] }
    }),
  fc
    .record({
      kind: fc.constantFrom(
        ...(['allReduce', 'reduceScatter', 'allGather', 'broadcast', 'reduce', 'gather', 'push', 'pull'] as const),
      ),
      place,
      subject,
      group,
      root: fc.option(number),
      traffic: fc.constantFrom('parameters' as const, 'gradients' as const, 'scalars' as const),
    })
    .map(({ place: where, root, ...rest }) => ({
      ...base,
      ...where,
      ...rest,
      ...(root === null ? {} : { root }),
      source: [],
      target: [],
      algorithm: 'ring' as const,
      elementBytes: 4,
    })),
  fc
    .record({ kind: fc.constantFrom('offload' as const, 'fetch' as const), place, subject })
    .map(({ place: where, ...rest }) => ({ ...base, ...where, ...rest, source: [], target: [] })),
  place.map((where) => ({ ...base, ...where, kind: 'report' as const })),
  place.map((where) => ({ ...base, ...where, kind: 'clear' as const, spans: [span('x')] })),
  place.map((where) => ({ ...base, ...where, kind: 'loadBatch' as const, samples: [1], args: {}, dims: DIMS })),
)

test('the text of an op parses back to what it says', () => {
  fc.assert(
    fc.property(op, (each) => {
      expect(parseOp(opText(each))).toEqual(labelOf(each))
    }),
  )
})

test("PyTorch's words, extended", () => {
  const text = (kind: Op['kind']) =>
    pipelineProgram('1f1b', { stages: 2, microbatches: 1, chunks: 1 })
      .ranks[1]!.step.filter((each) => each.kind === kind)
      .map(opText)
  expect(text('recv')).toEqual(['1RECV_F0<0'])
  expect(text('send')).toEqual(['1SEND_B0>0'])
  expect(text('forward')).toEqual(['1F0:h.1'])
  expect(text('backward')).toEqual(['1B0:h.1'])
  expect(text('allReduce')).toEqual(['ALL_REDUCE:gradient norm@0+1'])
  expect(text('optimizerStep')).toEqual(['OPTIMIZER_STEP'])
  expect(parseOp('2UNSHARD:unit h.2@0+1')).toEqual({ kind: 'allGather', stage: 2, subject: 'unit h.2', group: [0, 1] })
  for (const wrong of ['', '0F3', '0Q3:h.1', '1SEND_F2', '1SEND_F2<1', 'ALL_REDUCE:x', 'REPORT:x'])
    expect(() => parseOp(wrong), wrong).toThrow(/is not like/)
})

test.each(SCHEDULE_NAMES)('%s: a whole Program survives JSON', (name) => {
  const { chunks } = scheduleOf(name)
  const program = pipelineProgram(name, { stages: 2, microbatches: 2, chunks: chunks.proposed })
  expect(programFromJson(programToJson(program))).toEqual(program)
})

test('JSON that is no Program is refused', () => {
  const { ranks, ...rest } = pipelineProgram('1f1b', { stages: 1, microbatches: 1, chunks: 1 })
  for (const text of [
    '{',
    '[]',
    '{}',
    JSON.stringify(rest),
    JSON.stringify({ ...rest, ranks: [{ ...ranks[0], step: [1] }] }),
  ])
    expect(() => programFromJson(text), text).toThrow(/^program: /)
})

test('grid and CSV: one line per rank, cells quoted where needed', () => {
  const program = pipelineProgram('1f1b', { stages: 2, microbatches: 1, chunks: 1 })
  expect(
    printProgramGrid(program)
      .split('\n')
      .map((line) => line.replaceAll(/ +/g, ' ')),
  ).toEqual([
    'rank 0: 0LOAD_BATCH0 0F0:h.0 0SEND_F0>1 0RECV_B0<1 0B0:h.0 GRAD_NORM ALL_REDUCE:gradient norm@0+1 OPTIMIZER_STEP REPORT',
    'rank 1: 1RECV_F0<0 1F0:h.1 1B0:h.1 1SEND_B0>0 GRAD_NORM ALL_REDUCE:gradient norm@0+1 OPTIMIZER_STEP REPORT',
  ])
  expect(printProgramCsv(program).split('\n').slice(0, 2)).toEqual([
    '0,prologue',
    '0,step,0LOAD_BATCH0,0F0:h.0,0SEND_F0>1,0RECV_B0<1,0B0:h.0,GRAD_NORM,ALL_REDUCE:gradient norm@0+1,OPTIMIZER_STEP,REPORT',
  ])
})
