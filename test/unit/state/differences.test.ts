import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { differencesOf } from '../../../src/state/differences.ts'

const configs = (...inputs: object[]) => inputs.map((input) => parseConfig(input, 'simulate'))

test('fields that differ, with their values; those that agree are not named', () => {
  expect(differencesOf(configs({ seed: 2 }, { seed: 2, parallel: { data: 2 } }))).toEqual([
    { field: 'parallel.data', values: ['1', '2'] },
  ])
})

test('software is named where it differs, whether the configurations name it or the precision brings it', () => {
  const [f32, mixed, named] = [{}, { precision: 'mixed-bf16' }, { cluster: { software: 'tabcluster' } }]
  expect(differencesOf(configs(f32, mixed))).toEqual([
    { field: 'precision', values: ['f32', 'mixed-bf16'] },
    { field: 'cluster.software', values: ['tabcluster', 'modern'] },
  ])
  expect(differencesOf(configs(f32, named))).toEqual([])
})
