import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import type { Draft } from '../../../src/state/draft-path.ts'
import { resetField, setField } from '../../../src/state/set-field.ts'

test('what loses its effect by a change leaves the draft with it', () => {
  const sharded: Draft = { parallel: { data: 2, zero: 3, zeroPartition: 'greedy', fsdp: { cpuOffload: true } } }
  expect(setField(sharded, 'parallel.zero', 2)).toEqual({ parallel: { data: 2, zero: 2, zeroPartition: 'greedy' } })
  expect(setField(sharded, 'parallel.zero', 0)).toEqual({ parallel: { data: 2, zero: 0 } })
  expect(resetField(sharded, 'parallel.zero')).toEqual({ parallel: { data: 2 } })
  const sgd: Draft = { optimizer: { kind: 'sgd', momentum: 0.5, learningRate: 0.1 } }
  expect(setField(sgd, 'optimizer.kind', 'adamw')).toEqual({ optimizer: { kind: 'adamw', learningRate: 0.1 } })
  const compressed: Draft = { parallel: { data: 2, compression: { kind: 'topk', ratio: 0.1 } } }
  const dense = setField(compressed, 'parallel.zero', 1)
  expect(dense).toEqual({ parallel: { data: 2, zero: 1 } })
  expect(() => parseConfig(dense)).not.toThrow()
})

test('what had no effect before stays, to be refused by its name', () => {
  const draft = setField({ parallel: { data: 2 } }, 'parallel.fsdp.cpuOffload', true)
  expect(setField(draft, 'seed', 3)).toEqual({ parallel: { data: 2, fsdp: { cpuOffload: true } }, seed: 3 })
  expect(() => parseConfig(draft)).toThrow('parallel.fsdp.cpuOffload: true needs parallel.zero 3, not 0')
})
