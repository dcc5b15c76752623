import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { calibrationOf } from '../../../src/sim/cost/calibration.ts'
import { kernelSeconds, type KernelWork } from '../../../src/sim/cost/kernel-seconds.ts'
import { fitDevice } from '../../../src/sim/cost/measured-device.ts'
import { UNCALIBRATED_DEVICE, type Device } from '../../../src/sim/hardware.ts'
import { simulate } from '../../../src/sim/simulate.ts'
import { workKey } from '../../../src/sim/cost/work-key.ts'
import { buildProgram } from '../../../src/strategy/build.ts'

const flops = 7.5e11
const truth: Device = {
  ...UNCALIBRATED_DEVICE,
  peakFlops: { f32: flops, 'mixed-bf16': flops, 'mixed-f16': flops },
  memoryBandwidth: 31e9,
  kernelGapSeconds: 40e-6,
}
const seconds = (work: KernelWork) => kernelSeconds(work, truth, 'f32', calibrationOf(truth))
const [M, N, K] = [512, 384, 640]
const fitted = fitDevice({
  title: 'a laptop',
  product: { M, N, K, seconds: seconds({ kind: 'matmul', batch: 1, M, N, K, bytes: 0, launches: 1 }) },
  stream: { bytes: 12e6, seconds: seconds({ kind: 'memory', bytes: 12e6, launches: 1 }) },
  kernelGapSeconds: 40e-6,
})

describe('a measured device', () => {
  it('has the rates that its timings come from', () => {
    expect(fitted.peakFlops.f32 / flops).toBeCloseTo(1, 6)
    expect(fitted.memoryBandwidth / 31e9).toBeCloseTo(1, 6)
    expect(calibrationOf(fitted, 5e-6).kernelGapSeconds).toBe(40e-6)
    expect(fitted.title).toBe('a laptop')
  })

  const config = parseConfig({
    model: { layers: 2, heads: 2, embed: 32, context: 16, vocab: 256 },
    batch: { global: 4, microbatches: 2, sequence: 16 },
  })

  it('gives its own times to the ops that were timed, and its rates to the others', () => {
    const keys = new Set(buildProgram(config).ranks[0]!.step.flatMap((op) => workKey(op) ?? []))
    const every = new Map([...keys].map((key) => [key, 0.25]))
    const ops = buildProgram(config).ranks[0]!.step.filter((op) => workKey(op) !== null).length
    const { result } = simulate(config, { measured: { device: fitted, seconds: every } })
    expect(result.time.computeSeconds[0]).toBeGreaterThanOrEqual(0.25 * ops)
    expect(result.time.computeSeconds[0]).toBeLessThan(0.25 * ops + 0.01)
    expect(result.measuredDevice).toBe('a laptop')
    const byRates = simulate(config, { measured: { device: fitted, seconds: new Map() } }).result
    expect(byRates.time.stepSeconds).toBeGreaterThan(simulate(config).result.time.stepSeconds)
    expect(byRates.time.stepSeconds).toBeLessThan(1)
  })

  it('stands for "this" only', () => {
    const measured = { device: fitted, seconds: new Map<string, number>() }
    const onA100 = parseConfig({ ...config, cluster: { device: 'a100-80gb' } }, 'simulate')
    expect(simulate(onA100, { measured }).result).toEqual(simulate(onA100).result)
    expect(simulate(config).result.measuredDevice).toBeUndefined()
  })
})
