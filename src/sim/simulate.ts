import { coordinatesAt, meshSize } from '../core/mesh.ts'
import type { PeakBytes } from '../core/bytes.ts'
import type { RankResult, RunResult, TimeResult } from '../config/result.ts'
import type { SoftwareId } from '../config/names.ts'
import type { RunConfig } from '../config/types.ts'
import { shapeOf } from '../schedule/registry.ts'
import type { Trace } from '../schedule/trace.ts'
import { measuredCosts } from './cost/measured-costs.ts'
import type { MeasuredDevice } from './cost/measured-device.ts'
import { clusterOf, type ClusterHardware } from './links.ts'
import type { MemoryCurve } from './memory-curve.ts'
import { goodputOf, type SimulatedGoodput } from './goodput.ts'
import { hardwareFlops, modelFlops } from './model-flops.ts'
import { summaryOf } from './orders.ts'
import { softwareOf } from './cost/software.ts'
import { programLoads, type LinkLoad } from './link-load.ts'
import { checkReplayBudget } from './replay/budget.ts'
import { programCosts } from './cost/program-costs.ts'
import { criticalShares, curveOf, sharesOf, traceOf, trafficOf, type PathShare } from './replay/readings.ts'
import { replay } from './replay/replay.ts'
import type { Walk } from './replay/walk.ts'

/** A rank that was not executed: no measured peak. */
export type SimulatedRank = Omit<RankResult, 'peakBytes'>

export interface SimulatedResult extends Omit<RunResult, 'ranks'> {
  /** What was clocked: the Program, op by op. */
  readonly simulated: 'program'
  /** Whose kernels and habits were simulated. */
  readonly software: SoftwareId
  /** The device whose measurements were used for "this"; absent for table values. */
  readonly measuredDevice?: string
  readonly ranks: readonly SimulatedRank[]
  /** Load of each mesh axis on the links. */
  readonly links: readonly LinkLoad[]
  readonly time: TimeResult & { readonly hfu: number; readonly criticalPath: readonly PathShare[] }
  /** What failures leave of the speed, where `reliability` is given. */
  readonly goodput?: SimulatedGoodput
}

export interface Simulation {
  readonly result: SimulatedResult
  readonly trace: () => Trace
  /** Live bytes over the step, one rank per group of equals. */
  readonly memory: () => MemoryCurve[]
}

export interface SimulateOptions {
  /** The measured "this", if any: its rates, and its times of the measured ops. */
  readonly measured?: MeasuredDevice
}

export interface FigureOptions extends SimulateOptions {
  /** Faster: ranks whose vector parts differ by an element are treated as equal. */
  readonly mergeEqualRanks?: boolean
}

/**
 * Simulates a configuration on its cluster: bytes, traffic and times of every rank. Pure and deterministic.
 *
 * @throws RefusedError for a configuration no strategy covers; OutOfMemoryError when cluster.memoryBytes is exceeded
 */
export function simulate(config: RunConfig, options: SimulateOptions = {}): Simulation {
  const measured = config.cluster.device === 'this' ? options.measured : undefined
  const cluster = clusterOf(config.cluster, measured?.device)
  const simulation = simulateProgram(config, cluster, measured)
  if (!measured) return simulation
  return { ...simulation, result: { ...simulation.result, measuredDevice: measured.device.title } }
}

function shared(config: RunConfig, cluster: ClusterHardware, stepSeconds: number) {
  const { model, batch, parallel } = config
  const tokens = batch.global * batch.sequence
  const peak = meshSize(parallel) * cluster.device.peakFlops[config.precision]
  const share = (flops: number) => (stepSeconds > 0 ? flops / stepSeconds / peak : 0)
  return {
    result: {
      config,
      tokensPerSecond: { virtual: stepSeconds > 0 ? tokens / stepSeconds : 0 },
      schedule: summaryOf(parallel.schedule, shapeOf(config)),
    },
    mfu: share(modelFlops(model, tokens, batch.sequence)),
    hfu: share(hardwareFlops(model, tokens, batch.sequence, parallel.recompute)),
  }
}

/** The part of a simulation that a layout search compares. */
export interface StepFigures {
  readonly stepSeconds: number
  readonly tokensPerSecond: number
  readonly mfu: number
  readonly bubble: number
  /** Bytes of the fullest rank, by category. */
  readonly peak: PeakBytes
}

/** The same numbers as `simulate`, without details per rank and op. The caller checks the budget. */
export function simulateFigures(config: RunConfig, options: FigureOptions = {}): StepFigures {
  const measured = config.cluster.device === 'this' ? options.measured : undefined
  const cluster = clusterOf(config.cluster, measured?.device)
  const { walks, stepSeconds } = replay(config, costsOf(config, cluster, measured), cluster.slowdown, {
    totalsOnly: true,
    mergeEqualRanks: options.mergeEqualRanks ?? false,
  })
  const { result, mfu } = shared(config, cluster, stepSeconds)
  const { tokensPerSecond, schedule } = result
  const peak = walks.map((walk) => walk.peak).reduce((most, each) => (each.total > most.total ? each : most))
  return { stepSeconds, tokensPerSecond: tokensPerSecond.virtual, mfu, bubble: schedule.bubble, peak }
}

function costsOf(config: RunConfig, cluster: ClusterHardware, measured: MeasuredDevice | undefined) {
  const roofline = programCosts(config, cluster)
  return measured ? measuredCosts(measured.seconds, roofline) : roofline
}

function simulateProgram(config: RunConfig, cluster: ClusterHardware, measured?: MeasuredDevice): Simulation {
  const costs = costsOf(config, cluster, measured)
  const run = (curve = false) => replay(config, costs, cluster.slowdown, { curve })
  const clocked = run()
  const { walks, walkOf, stepSeconds } = clocked
  checkReplayBudget(walks, config.cluster.memoryBytes)
  const { result, mfu, hfu } = shared(config, cluster, stepSeconds)
  const traffic = walks.map(trafficOf)
  const shares = walks.map((walk) => sharesOf(walk, stepSeconds))
  const world = meshSize(config.parallel)
  const placeOf = (rank: number) =>
    rank < world ? coordinatesAt(config.parallel, rank) : { data: world, pipeline: 0, tensor: 0 }
  const ranks = Array.from(walkOf, (walk, rank): SimulatedRank => {
    const { sentBytes, receivedBytes, traffic: kinds } = traffic[walk]!
    const coordinates = placeOf(rank)
    return { rank, coordinates, predictedBytes: walks[walk]!.peak, sentBytes, receivedBytes, traffic: kinds }
  })
  const perRank = ranks.map(({ rank }) => shares[walkOf[rank]!]!)
  const { batch } = config
  const goodput = goodputOf(config, { seconds: stepSeconds, tokens: batch.global * batch.sequence })
  const standsFor = (walk: Walk) => walkOf.reduce((count, each) => count + (walks[each] === walk ? 1 : 0), 0)
  return {
    result: {
      ...result,
      simulated: 'program',
      software: softwareOf(config).id,
      ranks,
      links: programLoads(
        traffic.map(({ byGroup }) => byGroup.values()),
        config.parallel,
        config.cluster,
      ),
      time: {
        stepSeconds,
        computeSeconds: perRank.map(({ compute }) => compute),
        communicationSeconds: perRank.map(({ communication }) => communication),
        idleSeconds: perRank.map(({ idle }) => idle),
        mfu,
        hfu,
        criticalPath: criticalShares(clocked),
      },
      ...(goodput === null ? {} : { goodput }),
    },
    trace: () => traceOf(run(true), standsFor),
    memory: () => {
      const kept = run(true)
      const seen = new Set<string>()
      return kept.walks.flatMap((walk): MemoryCurve[] => {
        const coordinates = placeOf(walk.rank)
        // The first of several ranks with equal peaks represents them.
        const key = `${coordinates.pipeline} ${JSON.stringify(walk.peak)}`
        if (seen.has(key)) return []
        seen.add(key)
        return [curveOf(walk, stepSeconds, coordinates)]
      })
    },
  }
}
