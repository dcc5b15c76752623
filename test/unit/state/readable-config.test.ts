import { expect, test } from 'vitest'
import { readConfig } from '../../../src/config/parse.ts'
import { readableConfig } from '../../../src/state/readable-config.ts'

test('fields that do not go together are read all the same', () => {
  const { parallel, batch } = readableConfig({ parallel: { tensor: 7, pipeline: 900 } })
  expect([parallel.tensor, parallel.pipeline, parallel.data, batch.global]).toEqual([7, 900, 1, 8])
})

test('a field that cannot be read is left out, the others keep their values', () => {
  const config = readableConfig({
    parallel: { data: 0, tensor: 2 },
    cluster: { device: 'abacus', stragglers: [{ rank: -1, slowdown: 2 }], devicesPerNode: 4 },
    nonsense: { a: 1 },
  })
  expect([config.parallel.data, config.parallel.tensor]).toEqual([1, 2])
  expect(config.cluster).toMatchObject({ device: 'this', stragglers: [], devicesPerNode: 4 })
})

test('what is no configuration at all reads as the defaults', () => {
  expect(readableConfig({ model: 'large', data: [], parallel: null })).toEqual(readConfig({}))
})
