import type { RunConfig } from '../config/types.ts'
import { meshSize } from '../core/mesh.ts'
import { parameterCount } from '../model/parameters.ts'
import { keepsMomentum } from '../strategy/recipes.ts'

/*
 * What failures leave of a cluster's speed when it saves its state every so often and begins anew from there. Failures come
 * at random, equally likely at any moment (exponential times between them), also while it writes or restarts: the model of
 * J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps", FGCS 22 (2006).
 */

/** Shares of all time; they add up to 1. */
export interface TimeShares {
  /** Training that counts. */
  readonly goodput: number
  /** Checkpoints that were completed. */
  readonly writing: number
  /** Training and writing that a failure made worthless. */
  readonly lost: number
  /** Restarts, with those that failed themselves. */
  readonly restarting: number
}

export interface Failures {
  /** Seconds between failures of the whole cluster, on average. */
  readonly meanSeconds: number
  /** To write one checkpoint; training stands still meanwhile. */
  readonly writeSeconds: number
  readonly restartSeconds: number
}

/** @param everySeconds training between two checkpoints */
export function timeShares(everySeconds: number, { meanSeconds, writeSeconds, restartSeconds }: Failures): TimeShares {
  const segment = everySeconds + writeSeconds
  // Failures until a segment is completed: each try succeeds with exp(−segment/mean).
  const failures = Math.expm1(segment / meanSeconds)
  const lostSeconds = meanSeconds * failures - segment
  const restarting = failures * meanSeconds * Math.expm1(restartSeconds / meanSeconds)
  const all = segment + lostSeconds + restarting
  if (!Number.isFinite(all)) return { goodput: 0, writing: 0, lost: 1, restarting: 0 }
  return {
    goodput: everySeconds / all,
    writing: writeSeconds / all,
    lost: lostSeconds / all,
    restarting: restarting / all,
  }
}

/** J. W. Young, "A first order approximation to the optimum checkpoint interval", CACM 17 (1974). */
export function youngSeconds({ meanSeconds, writeSeconds }: Failures): number {
  return Math.sqrt(2 * writeSeconds * meanSeconds)
}

/** Daly (2006). */
export function dalySeconds(failures: Failures): number {
  const { meanSeconds, writeSeconds } = failures
  if (writeSeconds >= 2 * meanSeconds) return meanSeconds
  const ratio = writeSeconds / (2 * meanSeconds)
  return youngSeconds(failures) * (1 + Math.sqrt(ratio) / 3 + ratio / 9) - writeSeconds
}

export interface GoodputPoint extends TimeShares {
  readonly everySeconds: number
}

export interface SimulatedGoodput {
  readonly devices: number
  /** Weights in f32 and the optimizer's moments, each once. */
  readonly checkpointBytes: number
  readonly writeSeconds: number
  /** Between failures of the whole cluster. */
  readonly hoursBetweenFailures: number
  readonly youngSeconds: number
  readonly dalySeconds: number
  /** Daly's interval in whole steps, and what is left of the speed with it. */
  readonly best: GoodputPoint & { readonly everySteps: number; readonly tokensPerSecond: number }
  /** Over intervals from a thirtieth of Daly's to thirty times it. */
  readonly curve: readonly GoodputPoint[]
  /** The same layout with more replicas: as many tokens per second and device, as large a checkpoint, failures as many times as often. */
  readonly scale: readonly (GoodputPoint & { readonly devices: number; readonly tokensPerSecond: number })[]
}

const POINTS = 41
const WIDEST = 30
const SCALE = [1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072]

/** @param step seconds and tokens of one step without failures */
export function goodputOf(
  config: RunConfig,
  step: { readonly seconds: number; readonly tokens: number },
): SimulatedGoodput | null {
  const { reliability, model, parallel, optimizer } = config
  if (reliability === null) return null
  const devices = meshSize(parallel)
  const moments = optimizer.kind === 'adamw' ? 2 : keepsMomentum(config) ? 1 : 0
  const checkpointBytes = 4 * (1 + moments) * parameterCount(model)
  const writeSeconds = checkpointBytes / (reliability.writeGBps * 1e9)
  const failuresOf = (count: number): Failures => ({
    meanSeconds: (reliability.hoursBetweenFailures * 3600) / count,
    writeSeconds,
    restartSeconds: reliability.restartSeconds,
  })
  const failures = failuresOf(devices)
  const tokensPerSecond = step.tokens / step.seconds
  const point = (everySeconds: number, of = failures): GoodputPoint => ({
    everySeconds,
    ...timeShares(everySeconds, of),
  })
  const daly = dalySeconds(failures)
  const everySteps = Math.max(1, Math.round(daly / step.seconds))
  const best = point(everySteps * step.seconds)
  return {
    devices,
    checkpointBytes,
    writeSeconds,
    hoursBetweenFailures: failures.meanSeconds / 3600,
    youngSeconds: youngSeconds(failures),
    dalySeconds: daly,
    best: { ...best, everySteps, tokensPerSecond: best.goodput * tokensPerSecond },
    curve: Array.from({ length: POINTS }, (_, i) => point(daly * WIDEST ** ((2 * i) / (POINTS - 1) - 1))),
    scale: SCALE.map((count) => {
      const each = point(dalySeconds(failuresOf(count)), failuresOf(count))
      return { devices: count, ...each, tokensPerSecond: (each.goodput * tokensPerSecond * count) / devices }
    }),
  }
}
