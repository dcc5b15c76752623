import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { OutOfMemoryError, RefusedError } from '../../../src/core/errors.ts'
import { simulate } from '../../../src/sim/simulate.ts'
import { hardwareFlops, modelFlops } from '../../../src/sim/model-flops.ts'
import { predictBytes } from '../../../src/sim/ledger.ts'
import { predictTraffic } from '../../../src/sim/traffic.ts'
import { buildProgram } from '../../../src/strategy/build.ts'

const configOf = (input: object) => parseConfig(input, 'simulate')
const run = (input: object) => simulate(configOf(input)).result

const GPT2 = {
  model: { preset: 'gpt2' },
  batch: { global: 32, microbatches: 4, sequence: 1024 },
  cluster: { device: 'h100-80gb' },
}

describe('simulate', () => {
  it('takes bytes and traffic from the Program it clocks', () => {
    const config = configOf({ parallel: { data: 2, pipeline: 2 }, batch: { global: 8, microbatches: 2 } })
    const program = buildProgram(config)
    const { result } = simulate(config)
    expect(result.simulated).toBe('program')
    expect(result.ranks.map((rank) => rank.predictedBytes)).toEqual(predictBytes(program).map(({ peak }) => peak))
    expect(
      result.ranks.map(({ sentBytes, receivedBytes, traffic }) => ({ sentBytes, receivedBytes, traffic })),
    ).toEqual(predictTraffic(program))
    expect(result.time.mfu).toBeLessThan(1)
    expect(result.tokensPerSecond!.virtual).toBeCloseTo((8 * 64) / result.time.stepSeconds, 6)
  })
  it('clocks the Program of a LLaMA in f32, too', () => {
    const config = configOf({
      model: { preset: 'nano-llama' },
      parallel: { data: 2, tensor: 2, pipeline: 2 },
      cluster: { device: 'h100-80gb' },
    })
    const { result } = simulate(config)
    expect(result.simulated).toBe('program')
    expect(result.ranks.map((rank) => rank.predictedBytes)).toEqual(
      predictBytes(buildProgram(config)).map(({ peak }) => peak),
    )
    expect(result.time.stepSeconds).toBeGreaterThan(0)
  })
  it('clocks 1,024 ranks, 64 micro-batches and 96 interleaved blocks at once', () => {
    const { ranks, time, simulated } = run({
      precision: 'mixed-bf16',
      model: { preset: 'gpt3-175b' },
      batch: { global: 1024, microbatches: 64, sequence: 2048 },
      parallel: { data: 16, tensor: 8, pipeline: 8, schedule: 'interleaved-1f1b', chunks: 12, recompute: 'full' },
      cluster: { device: 'a100-80gb', intraNode: 'nvlink3', interNode: 'ib-hdr200' },
    })
    expect(simulated).toBe('program')
    expect(ranks).toHaveLength(1024)
    expect(time.idleSeconds).toHaveLength(1024)
    expect(time.mfu).toBeGreaterThan(0.3)
    expect(time.mfu).toBeLessThan(time.hfu)
  })
  it('adds compute, communication and idle up to the step', () => {
    for (const input of [GPT2, { ...GPT2, precision: 'mixed-f16', parallel: { data: 2, pipeline: 2 } }]) {
      const { computeSeconds, communicationSeconds, idleSeconds, stepSeconds } = run(input).time
      computeSeconds.forEach((compute, rank) =>
        expect(compute + communicationSeconds[rank]! + idleSeconds[rank]!).toBeCloseTo(stepSeconds, 9),
      )
    }
  })
  it('gives a sweep what each configuration gets alone', () => {
    const sweep = [1, 2, 3].flatMap((seed) =>
      ['h100-80gb', 't4'].map((device) => ({ seed, parallel: { data: 2 }, cluster: { device } })),
    )
    const [h100, t4] = sweep.map((input) => run(input))
    expect(t4!.time.stepSeconds).toBeGreaterThan(h100!.time.stepSeconds)
    expect(t4!.ranks).toEqual(h100!.ranks)
    const programs = sweep.map((input) => predictBytes(buildProgram(configOf(input))).map(({ peak }) => peak))
    for (const peaks of programs) expect(peaks).toEqual(h100!.ranks.map((rank) => rank.predictedBytes))
    expect(run({ parallel: { data: 2 }, optimizer: { gradClip: 0 } }).ranks[0]!.traffic.scalars).toBe(0)
  })
  it('names what holds the step up, and traces every op with bytes that never pass the peak', () => {
    const config = configOf({ parallel: { data: 2, pipeline: 2 }, batch: { global: 8, microbatches: 2 } })
    const { result, trace } = simulate(config)
    const { criticalPath, stepSeconds } = result.time
    expect(criticalPath.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(stepSeconds, 9)
    const { traceEvents } = trace()
    const program = buildProgram(config)
    expect(traceEvents.filter(({ ph }) => ph === 'X')).toHaveLength(
      program.ranks.reduce((sum, { step }) => sum + step.length, 0),
    )
    for (const { rank, predictedBytes } of result.ranks) {
      const totals = traceEvents.flatMap((each) =>
        each.ph === 'C' && each.pid === rank ? [Object.values(each.args).reduce((a, b) => a + b, 0)] : [],
      )
      expect(Math.max(...totals)).toBe(predictedBytes.total)
    }
  })
  it('runs out of memory by name, in either precision', () => {
    const cluster = { ...GPT2.cluster, memoryBytes: 1e9 }
    for (const precision of ['f32', 'mixed-bf16']) {
      const attempt = () => run({ ...GPT2, precision, cluster })
      expect(attempt).toThrow(OutOfMemoryError)
      expect(attempt).toThrow(/^rank 0 needs .* mostly (optimizer|activations|workspace) /)
    }
  })
  it('refuses what is no configuration', () => {
    expect(() => run({ model: { heads: 3 } })).toThrow(RefusedError)
  })
  it('counts 6 operations per weight and token, and attention apart', () => {
    const { model } = configOf({ model: { preset: 'gpt3-175b' } })
    // Brown et al. 2020, table D.1: 3.14e23 for 300 B tokens, without attention.
    expect(modelFlops(model, 300e9, 0) / 3.14e23).toBeCloseTo(1, 1)
    const [l, h, V, s, B] = [96, 12288, 50257, 2048, 1536]
    const paper = 96 * B * s * l * h * h * (1 + s / (6 * h) + V / (16 * l * h))
    expect(hardwareFlops(model, B * s, s, 'full') / paper).toBeCloseTo(1, 6)
  })
})

it('an oversubscribed network slows what crosses nodes, and nothing else', () => {
  const seconds = (data: number, oversubscription: number) =>
    simulate(
      parseConfig(
        {
          precision: 'mixed-bf16',
          model: { preset: 'gpt2-xl' },
          batch: { global: 32, microbatches: 1, sequence: 512 },
          parallel: { data, overlap: false },
          cluster: { device: 'a100-80gb', oversubscription },
        },
        'simulate',
      ),
    ).result.time.stepSeconds
  expect(seconds(8, 4)).toBe(seconds(8, 1))
  expect(seconds(32, 4)).toBeGreaterThan(seconds(32, 1) * 1.2)
})
