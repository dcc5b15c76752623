import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/parse.ts'
import { parameterCount } from '../../../src/model/parameters.ts'
import { dalySeconds, timeShares, youngSeconds, type Failures, type TimeShares } from '../../../src/sim/goodput.ts'
import { simulate } from '../../../src/sim/simulate.ts'

/** A cluster that fails at random, walked through second by second of its own: no formula. */
function simulated(
  every: number,
  { meanSeconds, writeSeconds, restartSeconds }: Failures,
  segments: number,
): TimeShares {
  let seed = 1
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  const untilFailure = () => -meanSeconds * Math.log(1 - random())
  let [useful, writing, lost, restarting] = [0, 0, 0, 0]
  let left = untilFailure()
  for (let done = 0; done < segments;) {
    if (left >= every + writeSeconds) {
      left -= every + writeSeconds
      useful += every
      writing += writeSeconds
      done++
      continue
    }
    lost += left
    for (left = untilFailure(); left < restartSeconds; left = untilFailure()) restarting += left
    left -= restartSeconds
    restarting += restartSeconds
  }
  const all = useful + writing + lost + restarting
  return { goodput: useful / all, writing: writing / all, lost: lost / all, restarting: restarting / all }
}

const CASES: readonly [every: number, Failures][] = [
  [1800, { meanSeconds: 28_440, writeSeconds: 30, restartSeconds: 300 }],
  [600, { meanSeconds: 6480, writeSeconds: 60, restartSeconds: 600 }],
  [3600, { meanSeconds: 3600, writeSeconds: 300, restartSeconds: 900 }],
]

describe('shares of the time', () => {
  test.each(CASES)('every %d s are what a cluster that fails at random gets', (every, failures) => {
    const shares = timeShares(every, failures)
    const walked = simulated(every, failures, 200_000)
    for (const key of ['goodput', 'writing', 'lost', 'restarting'] as const)
      expect(Math.abs(shares[key] - walked[key]), key).toBeLessThan(0.004)
    expect(shares.goodput + shares.writing + shares.lost + shares.restarting).toBeCloseTo(1, 12)
  })

  test.each(CASES)('the best interval lies where Daly says: not %d s', (_, failures) => {
    const daly = dalySeconds(failures)
    const best = timeShares(daly, failures).goodput
    // A higher-order estimate: flat around its top.
    for (let factor = 0.2; factor <= 5; factor += 0.02)
      expect(timeShares(daly * factor, failures).goodput).toBeLessThan(best + 0.002)
    expect(daly).toBeLessThan(youngSeconds(failures) + failures.writeSeconds)
  })

  test('a cluster that never gets a segment done has no goodput', () => {
    expect(timeShares(1e6, { meanSeconds: 10, writeSeconds: 1, restartSeconds: 1 }).goodput).toBe(0)
  })
})

describe('simulate with reliability', () => {
  const input = {
    precision: 'mixed-bf16',
    model: { preset: 'gpt3-6.7b' },
    batch: { global: 64, microbatches: 1, sequence: 2048 },
    parallel: { data: 64, zero: 1 },
    cluster: { device: 'a100-80gb' },
  }
  const reliability = { hoursBetweenFailures: 8090, writeGBps: 10, restartSeconds: 300 }
  const { result } = simulate(parseConfig({ ...input, reliability }, 'simulate'))
  const goodput = result.goodput!

  test('says what failures leave of the speed', () => {
    const { model, reliability: kept } = result.config
    expect(kept).toEqual(reliability)
    expect(goodput.devices).toBe(64)
    expect(goodput.hoursBetweenFailures).toBeCloseTo(8090 / 64, 9)
    expect(goodput.checkpointBytes).toBe(12 * parameterCount(model))
    expect(goodput.writeSeconds).toBeCloseTo(goodput.checkpointBytes / 1e10, 9)
    const { best } = goodput
    expect(best.everySeconds).toBeCloseTo(best.everySteps * result.time.stepSeconds, 9)
    expect(Math.abs(best.everySeconds - goodput.dalySeconds)).toBeLessThanOrEqual(result.time.stepSeconds / 2)
    expect(best.tokensPerSecond).toBeCloseTo(best.goodput * result.tokensPerSecond!.virtual!, 6)
    const top = Math.max(...goodput.curve.map((each) => each.goodput))
    expect(Math.abs(top - best.goodput)).toBeLessThan(0.001)
  })

  test('on 1,024 to 131,072 devices, ever less of each', () => {
    const { scale } = goodput
    expect(scale.map(({ devices }) => devices)).toEqual([1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072])
    const shares = scale.map((each) => each.goodput)
    expect(shares).toEqual(shares.toSorted((a, b) => b - a))
    const perDevice = result.tokensPerSecond!.virtual! / 64
    for (const each of scale) expect(each.tokensPerSecond / (perDevice * each.devices)).toBeCloseTo(each.goodput, 9)
  })

  test('without it says nothing, and what is no reliability is refused by name', () => {
    expect(simulate(parseConfig(input, 'simulate')).result).not.toHaveProperty('goodput')
    const read = (value: unknown) => parseConfig({ ...input, reliability: value }, 'simulate')
    expect(() => read({ ...reliability, writeGBps: 0 })).toThrow('reliability.writeGBps: 0 must be a number from 0.001')
    expect(() => read({ hoursBetweenFailures: 1, writeGBps: 1 })).toThrow('reliability.restartSeconds')
    expect(() => read({ ...reliability, every: 3 })).toThrow('reliability.every: unknown')
    expect(() => read(3)).toThrow('reliability: 3 must be an object')
    expect(() => parseConfig({ reliability })).toThrow(/^reliability: .* is for simulate; execution takes null$/)
  })
})
