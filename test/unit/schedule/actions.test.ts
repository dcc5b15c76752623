import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LoweredAction } from '../../../src/schedule/actions.ts'
import {
  parseAction,
  parseActionCsv,
  printAction,
  printActionCsv,
  printActionGrid,
} from '../../../src/schedule/actions.ts'
import { insertReduceGrad, insertSendRecv, insertUnshardReshard, mergeBackward } from '../../lib/lower-comms.ts'
import lowering from '../../published/pytorch-lowering.json' with { type: 'json' }

const number = fc.nat({ max: 999 })
const action: fc.Arbitrary<LoweredAction> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(...(['F', 'B', 'I', 'W', 'SEND_F', 'RECV_F', 'SEND_B', 'RECV_B'] as const)),
    stage: number,
    microbatch: number,
  }),
  fc.record({ kind: fc.constantFrom(...(['UNSHARD', 'RESHARD', 'REDUCE_GRAD'] as const)), stage: number }),
)

const parseRow = (row: readonly string[]) => row.map((text) => (text === '' ? null : parseAction(text)))
const printRow = (row: readonly LoweredAction[]) => row.map(printAction)

test('actions and rows of them survive printing and parsing', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.option(action), { minLength: 1 }), { minLength: 1 }), (rows) => {
      for (const each of rows.flat()) if (each !== null) expect(parseAction(printAction(each))).toEqual(each)
      // A row that is one idle tick prints as an empty line: nothing tells it from an empty row.
      const kept = rows.map((row) => (row.length === 1 && row[0] === null ? [] : row))
      const last = kept.findLastIndex((row) => row.length > 0)
      if (last === kept.length - 1) expect(parseActionCsv(printActionCsv(rows))).toEqual(kept)
    }),
  )
})

test("PyTorch's words", () => {
  for (const text of ['0F3', '1SEND_F2', '0RECV_B12', '0I1', '0W1', '2UNSHARD', '2RESHARD', '1REDUCE_GRAD'])
    expect(printAction(parseAction(text))).toBe(text)
  expect(parseAction('0B1', { oldBackward: true })).toEqual({ kind: 'I', stage: 0, microbatch: 1 })
  expect(parseAction('0BW1', { oldBackward: true })).toEqual({ kind: 'B', stage: 0, microbatch: 1 })
  for (const text of ['', 'F0', '0F', '0X1', '2UNSHARD1', '0BW1', '-1F0', '0f0'])
    expect(() => parseAction(text), text).toThrow(/is not like 0F3/)
})

test('a grid marks one cell', () => {
  expect(printActionGrid([parseRow(['0F0', '', '0B0']), parseRow(['', '1F0', '1B0'])], { rank: 1, index: 1 })).toBe(
    'rank 0: 0F0 ·     0B0\nrank 1: ·   >1F0< 1B0',
  )
})

test('PyTorch lowering: unshard and reshard', () => {
  for (const { compute, comms } of lowering.unshardReshard)
    expect(printRow(insertUnshardReshard(parseRow(compute)))).toEqual(comms)
})

test('PyTorch lowering: reduce gradients', () => {
  for (const { compute, comms } of lowering.reduceGrad)
    expect(printRow(insertReduceGrad(parseRow(compute)))).toEqual(comms)
})

test('PyTorch lowering: merge halves of a backward', () => {
  expect(printRow(mergeBackward(parseRow(lowering.mergeBackward.compute)))).toEqual(lowering.mergeBackward.comms)
})

test.each(lowering.sendRecv)('PyTorch lowering: send and receive, $name', ({ compute, comms, stageToRank }) => {
  expect(insertSendRecv(compute.map(parseRow), stageToRank).map(printRow)).toEqual(comms)
})

test("PyTorch lowering: the stored zero-bubble schedule's messages", () => {
  const { compute, comms, stageToRank } = lowering.artifact
  const rows = parseActionCsv(compute, { oldBackward: true }).map((row) => mergeBackward(row))
  expect(insertSendRecv(rows, stageToRank)).toEqual(parseActionCsv(comms, { oldBackward: true }))
})

test('ranks that wait for each other cannot be lowered', () => {
  const rows = [parseRow(['0F0', '0B0', '0F1', '0B1']), parseRow(['1F0', '1F1', '1B0', '1B1'])]
  expect(() => insertSendRecv(rows, [0, 1])).toThrow(/rank 0 waits for ever at 0B0\nrank 0: 0F0 >0B0< 0F1 0B1/)
})
