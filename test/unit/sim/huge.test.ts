import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { simulate } from '../../../src/sim/simulate.ts'

/** Sizes at which a list of one entry per chunk, rank or sample no longer fits a call's arguments, or an afternoon. */
test.each<[string, object]>([
  ['a million samples', { model: { preset: 'gpt2' }, batch: { global: 1_048_576 } }],
  [
    'a head in millions of chunks',
    { model: { preset: 'llama-2-7b' }, parallel: { tensor: 4 }, batch: { global: 1_048_576, sequence: 2048 } },
  ],
  ['the largest batch in one piece', { batch: { global: 2 ** 24, microbatches: 1 } }],
  ['65,536 ranks', { parallel: { data: 65_536 }, batch: { global: 65_536, microbatches: 1 } }],
  ['65,536 micro-batches', { batch: { global: 65_536, microbatches: 65_536 } }],
  [
    'DataParallel on 1,024 devices',
    { parallel: { data: 1024, dataMode: 'data-parallel' }, batch: { global: 1024, microbatches: 1 } },
  ],
])('%s is simulated at once', (_name, input) => {
  const { result } = simulate(parseConfig(input, 'simulate'))
  expect(Number.isFinite(result.time!.stepSeconds)).toBe(true)
})
