import { expect, test } from 'vitest'
import { openNodeGpu } from '../../src/cluster/hosts/node-gpu.ts'
import { measureDevice } from '../../src/cluster/measure-device.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { openDevice } from '../../src/gpu/device.ts'
import { workKey } from '../../src/sim/cost/work-key.ts'
import { simulate } from '../../src/sim/simulate.ts'
import { buildProgram } from '../../src/strategy/build.ts'

const small = {
  model: { layers: 1, heads: 2, embed: 32, context: 16, vocab: 256 },
  batch: { global: 2, microbatches: 1, sequence: 16 },
}

test('this device is measured: every distinct op once, known ones not again, no buffer left', async () => {
  const gpu = await openDevice({ gpu: await openNodeGpu() })
  try {
    const config = parseConfig(small)
    const told: number[] = []
    const measured = await measureDevice(gpu, config, undefined, (done) => told.push(done))
    const keys = new Set(buildProgram(config).ranks[0]!.step.flatMap((op) => workKey(op) ?? []))
    expect(new Set(measured.seconds.keys())).toEqual(keys)
    expect(told.at(-1)).toBe(keys.size)
    for (const seconds of measured.seconds.values()) expect(seconds).toBeGreaterThan(0)
    for (const rate of [
      measured.device.peakFlops.f32,
      measured.device.memoryBandwidth,
      measured.device.kernelGapSeconds!,
    ])
      expect(rate).toBeGreaterThan(0)

    const again = await measureDevice(
      gpu,
      parseConfig({ ...small, parallel: { recompute: 'full' } }),
      measured,
      (done) => told.push(-done),
    )
    expect(told.filter((each) => each < 0).length).toBeLessThan(keys.size)
    expect([...keys].every((key) => again.seconds.get(key) === measured.seconds.get(key))).toBe(true)
    expect(simulate(config, { measured }).result.time.stepSeconds).toBeGreaterThan(0)
    // Larger than what is clocked op by op: the rates are all it takes.
    const large = parseConfig({ model: { preset: 'gpt2' }, precision: 'mixed-bf16' }, 'simulate')
    expect((await measureDevice(gpu, large, measured)).seconds.size).toBe(measured.seconds.size)
    expect(Object.values(gpu.meter.live).every((bytes) => bytes === 0)).toBe(true)
  } finally {
    gpu.dispose()
  }
})
