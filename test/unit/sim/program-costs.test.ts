import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import type { RunConfig } from '../../../src/config/types.ts'
import type { Launch } from '../../../src/model/kernels.ts'
import { programCosts } from '../../../src/sim/cost/program-costs.ts'
import { clusterOf } from '../../../src/sim/links.ts'
import { replay } from '../../../src/sim/replay/replay.ts'
import { buildProgram } from '../../../src/strategy/build.ts'
import { launchesOfOp } from '../../../src/schedule/op-kinds.ts'
import { randomInput } from '../../lib/random-config.ts'
import { repeatedConfig } from '../../lib/repeated-config.ts'

const configOf = (input: object): RunConfig => parseConfig(input, 'simulate')
const costsOf = (config: RunConfig) => programCosts(config, clusterOf(config.cluster))
const stepOf = (config: RunConfig) => replay(config, costsOf(config)).stepSeconds

const A100 = { device: 'a100-80gb' }
const GPT = { layers: 4, heads: 16, embed: 2048, context: 1024, vocab: 51200 }
const BASE = {
  precision: 'mixed-bf16',
  model: GPT,
  batch: { global: 16, microbatches: 4, sequence: 1024 },
  cluster: A100,
}
const under = (software: string, input: object = {}) =>
  configOf({ ...BASE, ...input, cluster: { ...BASE.cluster, software } })

test("this project's kernels never go faster than the device, pay for every launch, and need no host's time", () => {
  let held = 0
  fc.assert(
    fc.property(randomInput, (input) => {
      const config = repeatedConfig(input, 1, { cluster: A100 })
      if (config === null) return
      const costs = costsOf(config)
      const { device } = clusterOf(config.cluster)
      for (const { rank, step } of buildProgram(config).ranks)
        for (const op of step) {
          expect(costs.hostSeconds(op, rank)).toBe(0)
          if (!('segment' in op)) continue
          const launches = launchesOfOp(op)
          const sum = (of: (launch: Launch) => number) => launches.reduce((total, each) => total + of(each), 0)
          const seconds = costs.seconds(op, rank)
          expect(seconds).toBeGreaterThanOrEqual(sum(({ flops }) => flops) / device.peakFlops.f32)
          expect(seconds).toBeGreaterThanOrEqual(sum(({ bytes }) => bytes) / device.memoryBandwidth)
          // This project's gap between kernels, software.ts: 5 us.
          expect(seconds).toBeGreaterThanOrEqual(5e-6 * launches.length)
          held++
        }
    }),
    { numRuns: 20, seed: 3 },
  )
  expect(held).toBeGreaterThan(1000)
})

test('a large product of this project comes near the peak, a vector near the bandwidth', () => {
  const config = configOf({ model: GPT, batch: { global: 1, microbatches: 1, sequence: 1024 }, cluster: A100 })
  const costs = costsOf(config)
  const { device } = clusterOf(config.cluster)
  const { step } = buildProgram(config).ranks[0]!
  const share = (kind: string, of: (launch: Launch) => number) => {
    const op = step.find((each) => 'segment' in each && each.kind === 'forward' && each.segment.kind === kind)!
    return launchesOfOp(op).reduce((total, each) => total + of(each), 0) / costs.seconds(op, 0)
  }
  const flops = share('mlp', (launch) => launch.flops) / device.peakFlops.f32
  const bytes = share('norm', (launch) => launch.bytes) / device.memoryBandwidth
  for (const reached of [flops, bytes]) {
    expect(reached).toBeGreaterThan(0.4)
    expect(reached).toBeLessThan(1)
  }
})

describe('what software costs', () => {
  /** Sums over the ops of rank 0. */
  const sums = (config: RunConfig) => {
    const costs = costsOf(config)
    const { step } = buildProgram(config).ranks[0]!
    let [device, host] = [0, 0]
    for (const op of step) if ('segment' in op) device += costs.seconds(op, 0)
    for (const op of step) host += costs.hostSeconds(op, 0)
    return { device, host }
  }

  test('recomputation costs what its ops cost: none, selective, full', () => {
    const [none, selective, full] = ['none', 'selective', 'full'].map((recompute) =>
      sums(under('megatron-2021', { parallel: { recompute } })),
    )
    expect(selective!.device).toBeGreaterThan(none!.device)
    expect(full!.device).toBeGreaterThan(selective!.device)
    expect(full!.host).toBeGreaterThan(selective!.host)
  })

  test('halves of a backward take what the whole takes', () => {
    const whole = sums(under('modern', { parallel: { pipeline: 2 } }))
    const halves = sums(under('modern', { parallel: { pipeline: 2, schedule: 'zb-h1' } }))
    expect(halves.device).toBeCloseTo(whole.device, 9)
  })

  test('scores in memory and dropout cost time', () => {
    const fused = sums(under('modern')).device
    const materialized = sums(under('modern', { model: { ...GPT, attention: 'materialized' } })).device
    const dropped = sums(under('modern', { model: { ...GPT, attention: 'materialized', dropout: 0.1 } })).device
    expect(materialized).toBeGreaterThan(fused)
    expect(dropped).toBeGreaterThan(materialized)
  })

  test('a step that the host launches more slowly than the device computes takes as long as the host', () => {
    const config = under('megatron-2021', {
      model: { ...GPT, embed: 64, context: 64 },
      batch: { global: 4, microbatches: 4, sequence: 64 },
    })
    const { device, host } = sums(config)
    expect(host).toBeGreaterThan(2 * device)
    expect(stepOf(config)).toBeGreaterThan(host)
    expect(stepOf(config)).toBeLessThan(1.05 * host)
  })

  test('tensor ranks that send a share each to another node send sooner', () => {
    const far = { devicesPerNode: 4, interNode: 'eth-25g' }
    const send = (software: string) => {
      const config = configOf({
        ...BASE,
        parallel: { tensor: 4, pipeline: 2 },
        cluster: { ...BASE.cluster, ...far, software },
      })
      const op = buildProgram(config).ranks[0]!.step.find(({ kind }) => kind === 'send')!
      return costsOf(config).seconds(op, 0)
    }
    expect(send('megatron-2021')).toBeLessThan(send('tabcluster') / 2)
  })

  test('a message that blocks its host holds up what is launched behind it', () => {
    const config = under('megatron-2021', {
      parallel: { pipeline: 4 },
      batch: { global: 64, microbatches: 16, sequence: 1024 },
    })
    const costs = costsOf(config)
    const beside = replay(config, { ...costs, stopsHost: () => false }).stepSeconds
    expect(replay(config, costs).stepSeconds).toBeGreaterThan(beside)
  })

  test('without overlap gradients are reduced behind all compute', () => {
    const of = (overlap: boolean) => {
      const config = under('modern', { parallel: { data: 4, overlap } })
      return { step: stepOf(config), config }
    }
    const [beside, behind] = [of(true), of(false)]
    const costs = costsOf(behind.config)
    const reductions = buildProgram(behind.config).ranks[0]!.step.filter(
      (op) => 'group' in op && op.traffic === 'gradients',
    )
    const exchange = reductions.reduce((sum, op) => sum + costs.seconds(op, 0), 0)
    expect(behind.step).toBeGreaterThan(beside.step)
    expect(behind.step - sums(behind.config).device).toBeGreaterThan(exchange)
  })
})
