import { describe, expect, it, test } from 'vitest'
import { RefusedError } from '../../../src/core/errors.ts'
import { collectiveSeconds, meshSpan, sendSeconds, spanOf } from '../../../src/sim/collective-cost.ts'
import { CALIBRATIONS } from '../../../src/sim/cost/calibration.ts'
import { kernelSeconds } from '../../../src/sim/cost/kernel-seconds.ts'
import { DEVICES, deviceOf } from '../../../src/sim/hardware.ts'
import {
  gptShape,
  nodesOf,
  nodesOfEight,
  publishedSeconds,
  type PublishedRun,
} from '../../../src/sim/validate/setups.ts'

const cluster = nodesOf('a100-80gb', 'nvlink3', 'ib-hdr200')
const a100 = DEVICES['a100-80gb']
const product = (M: number, N: number, K: number) =>
  kernelSeconds(
    { kind: 'matmul', batch: 1, M, N, K, bytes: 2 * (M * N + N * K + M * K), launches: 1 },
    a100,
    'mixed-f16',
    CALIBRATIONS.ampere,
  )

describe('hardware', () => {
  it('gives every device a source and positive figures', () => {
    for (const [name, device] of Object.entries(DEVICES)) {
      const { source, memoryBytes, memoryBandwidth, multiprocessors, peakFlops } = device
      expect(source.length, name).toBeGreaterThan(10)
      for (const figure of [memoryBytes, memoryBandwidth, multiprocessors, ...Object.values(peakFlops)])
        expect(figure, name).toBeGreaterThan(0)
    }
  })
  it('refuses a device it does not know', () => {
    expect(() => deviceOf('a100')).toThrow(RefusedError)
    expect(() => deviceOf('toString')).toThrow('cluster.device')
  })
})

describe('matrix products', () => {
  it('never pass the peak', () => {
    for (const size of [128, 1024, 4096, 16384])
      expect((2 * size ** 3) / product(size, size, size)).toBeLessThan(a100.peakFlops['mixed-f16'])
  })
  it('take a step when one tile more opens another wave', () => {
    const full = product(12 * 256, 9 * 128, 4096)
    const more = product(12 * 256 + 1, 9 * 128, 4096)
    expect(more).toBeGreaterThan(1.05 * full)
  })
})

describe('collectives', () => {
  it('cost nothing alone and less as two halves than twice the whole', () => {
    expect(collectiveSeconds('allReduce', 1e9, meshSpan(1, 1, 8), cluster)).toBe(0)
    const span = meshSpan(8, 1, 8)
    const whole = collectiveSeconds('allReduce', 1e9, span, cluster)
    const halves =
      collectiveSeconds('reduceScatter', 1e9, span, cluster) + collectiveSeconds('allGather', 1e9, span, cluster)
    expect(halves).toBeGreaterThan(whole)
    expect(halves).toBeLessThan(1.01 * whole)
  })
  it('see how a group lies over nodes', () => {
    expect(spanOf([0, 8, 16, 24], 8)).toEqual({ ranks: 4, perNode: 1, nodes: 4 })
    expect(spanOf([4, 5, 6, 7, 8, 9], 8)).toEqual({ ranks: 6, perNode: 4, nodes: 2 })
    expect(meshSpan(16, 4, 8)).toEqual({ ranks: 16, perNode: 2, nodes: 8 })
  })
  it('share the ports of a node', () => {
    const alone = sendSeconds(1e9, true, cluster, 1)
    const crowded = sendSeconds(1e9, true, { ...cluster, nicsPerNode: 1 }, 8)
    expect(crowded / alone).toBeCloseTo(8, 1)
  })
})

const run: PublishedRun = {
  precision: 'mixed-f16',
  model: gptShape(8, 16, 2048, 1024, 51200),
  sequence: 1024,
  microBatch: 4,
  microbatches: 8,
  parallel: {},
  cluster: { ...nodesOfEight('a100-80gb', 'nvlink3', 'ib-hdr200'), software: 'megatron-2021' },
}
const time = (parallel: PublishedRun['parallel'], microbatches = 8) =>
  publishedSeconds({ ...run, parallel, microbatches })

test('the step moves the right way', () => {
  expect(time({}, 16)).toBeGreaterThan(1.8 * time({}))
  expect(time({ recompute: 'full' })).toBeGreaterThan(1.2 * time({}))
  expect(time({ recompute: 'selective' })).toBeLessThan(time({ recompute: 'full' }))
  expect(time({ pipeline: 2 })).toBeLessThan(time({}))
  expect(time({ pipeline: 2, schedule: 'gpipe' })).toBeGreaterThan(0.5 * time({}))
  expect(time({ data: 8, zero: 1 })).toBeGreaterThan(time({}))
})
