import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { simulate } from '../../../src/sim/simulate.ts'
import { capacityOf, overCapacity } from '../../../src/state/capacity.ts'

const simulated = (input: object) => simulate(parseConfig(input, 'simulate')).result
const large = { precision: 'mixed-bf16', model: { preset: 'gpt3-6.7b' }, parallel: { pipeline: 2 } }

test('a budget stands in for what the device holds', () => {
  expect(capacityOf(parseConfig({ cluster: { device: 'p40' } }))).toEqual({ bytes: 24e9, isBudget: false })
  expect(capacityOf(parseConfig({ cluster: { device: 'p40', memoryBytes: 5e9 } }))).toEqual({
    bytes: 5e9,
    isBudget: true,
  })
})

test('the fullest device is over what a device holds, or nobody is', () => {
  const result = simulated({ ...large, cluster: { device: 't4' } })
  const over = overCapacity(result)
  expect(over!.predictedBytes.total).toBe(Math.max(...result.ranks.map(({ predictedBytes }) => predictedBytes.total)))
  expect(over!.predictedBytes.total).toBeGreaterThan(16e9)
  expect(overCapacity(simulated({ ...large, cluster: { device: 'b200-192gb' } }))).toBeNull()
})

test('a server on the CPU fills no device', () => {
  const { ranks, config } = simulated({ parallel: { data: 2, dataMode: 'parameter-server', server: { at: 'cpu' } } })
  const server = ranks.find(({ rank }) => rank === 2)!
  const crowded = { ...server, predictedBytes: { ...server.predictedBytes, total: 1e15 } }
  const result = simulated({ parallel: { data: 2 } })
  expect(overCapacity({ ...result, config, ranks: [...ranks.slice(0, 2), crowded] })).toBeNull()
})
