import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { previousOf } from '../../../src/state/previous-run.ts'
import { EMPTY_RANK, IDLE } from '../../../src/state/run-state.ts'
import { Series } from '../../../src/state/series.ts'

const step = { step: 1, loss: 2, gradNorm: 1, learningRate: 1e-3, tokens: 8, milliseconds: 1 }

test('the run before keeps its curve, its name with the compression, and what its busiest rank sent', () => {
  const config = parseConfig({
    parallel: { data: 2, compression: { kind: 'topk', ratio: 0.01, errorFeedback: false } },
  })
  const loss = new Series(8)
  loss.push(0, 3)
  loss.push(1, 2)
  const ranks = [
    { ...EMPTY_RANK, sentBytes: 10 },
    { ...EMPTY_RANK, sentBytes: 30 },
  ]
  const previous = previousOf({ ...IDLE, config, ranks, step }, loss)!
  loss.clear()
  expect(previous.name).toBe('ddp-2 top-k 1 %, no error feedback')
  expect([...previous.loss.x()]).toEqual([0, 1])
  expect([...previous.loss.y()]).toEqual([3, 2])
  expect(previous.sentBytes).toBe(30)
})

test('a run that got nowhere is not kept', () => {
  const config = parseConfig({})
  const one = new Series(8)
  one.push(0, 3)
  expect(previousOf({ ...IDLE, config, step }, one)).toBeNull()
  expect(previousOf(IDLE, new Series(8))).toBeNull()
})
