import { bytesText, CATEGORIES, zeroPeak, type PeakBytes } from '../core/bytes.ts'
import { OutOfMemoryError } from '../core/errors.ts'
import { say } from '../core/said.ts'
import type { RankResult, RunResult, TimeResult } from '../config/result.ts'
import type { SoftwareId } from '../config/names.ts'
import type { RunConfig } from '../config/types.ts'
import { shapeOf } from '../schedule/registry.ts'
import type { Trace } from '../schedule/trace.ts'
import { foldsInTime } from '../strategy/fold.ts'
import { expectedOps } from '../strategy/program-size.ts'
import { coordinatesOf } from '../strategy/ranks.ts'
import { measuredCosts } from './cost/measured-costs.ts'
import type { MeasuredDevice } from './cost/measured-device.ts'
import { estimateStep, type StepEstimate } from './estimate.ts'
import { estimateTrace } from './estimate-trace.ts'
import { clusterOf, type Cluster } from './links.ts'
import { stageCurves, type MemoryCurve } from './memory-curve.ts'
import { memoryOf, type RankMemory } from './memory-model.ts'
import { hardwareFlops, modelFlops } from './model-flops.ts'
import { summaryOf } from './orders.ts'
import { replicaMemory } from './replica-memory.ts'
import { setupOf, softwareOf } from './setup-of.ts'
import type { StepSetup } from './step-setup.ts'
import type { LinkAxis, LinkLoad } from './link-load.ts'
import { meshLoads, programLoads } from './link-load.ts'
import { checkReplayBudget } from './replay/budget.ts'
import { programCosts } from './cost/program-costs.ts'
import {
  criticalShares,
  curveOf,
  sharesOf as timeShares,
  traceOf,
  trafficOf,
  type PathShare,
} from './replay/readings.ts'
import { replay } from './replay/replay.ts'
import type { Walk } from './replay/walk.ts'
import { rankTraffic as modelTraffic } from './traffic-model.ts'

/** A rank nothing ran on: no measured peak. */
export type SimulatedRank = Omit<RankResult, 'peakBytes'>

export interface SimulatedResult extends Omit<RunResult, 'ranks'> {
  /** What was clocked: the Program op by op, or stage-level costs where the executor would refuse or the Program is huge. */
  readonly simulated: 'program' | 'stages'
  /** Whose kernels and habits the figures are of. */
  readonly software: SoftwareId
  /** The device whose measured times were taken for "this"; absent where a table's were. */
  readonly measuredDevice?: string
  readonly ranks: readonly SimulatedRank[]
  /** What each axis of the mesh puts on the links. */
  readonly links: readonly LinkLoad[]
  readonly time: TimeResult & { readonly hfu: number; readonly criticalPath: readonly PathShare[] }
}

export interface Simulation {
  readonly result: SimulatedResult
  readonly trace: () => Trace
  /** Live bytes over the step, of one rank for all that hold the same. */
  readonly memory: () => MemoryCurve[]
}

/** Ops a replay goes through on one replica and tensor rank, and those it is lowered from where nothing is repeated. */
const MOST_REPLAYED_OPS = 3_000_000
const MOST_LOWERED_OPS = 40_000
/** Replicas that a server or DataParallel's first device deals with one by one. */
const MOST_SERVED = 64

/** This project's kernels as they are: attention in one kernel, no dropout. */
function isOwnSoftware(config: RunConfig): boolean {
  const { id, attention, dropout } = softwareOf(config)
  return id === 'tabcluster' && attention === 'fused' && dropout === 0
}

/** Whether the configuration's Program answers: it is replayed, folded, on any number of ranks. */
function isReplayed(config: RunConfig): boolean {
  const { data, tensor, dataMode } = config.parallel
  if (config.precision !== 'f32' || !isOwnSoftware(config)) return false
  if (dataMode !== 'ddp' && data > MOST_SERVED) return false
  const ops = expectedOps(config) / data / tensor
  const lowered = foldsInTime(config) ? ops / config.batch.microbatches : ops
  return ops <= MOST_REPLAYED_OPS && lowered <= MOST_LOWERED_OPS
}

export interface SimulateOptions {
  /** What "this" is, where it was measured: its rates, and its own times of the ops that were timed. */
  readonly measured?: MeasuredDevice
  /** Quicker and rougher: by stage, also where a Program would answer. A search sorts its candidates with it. */
  readonly byStage?: boolean
}

/**
 * What a configuration costs on its cluster: bytes, traffic and times of every rank. Pure and deterministic.
 *
 * @throws RefusedError for a configuration no strategy covers; OutOfMemoryError when cluster.memoryBytes is exceeded
 */
export function simulate(config: RunConfig, options: SimulateOptions = {}): Simulation {
  const { byStage = false } = options
  const measured = config.cluster.device === 'this' ? options.measured : undefined
  const cluster = clusterOf(config.cluster, measured?.device)
  const simulation =
    isReplayed(config) && !byStage
      ? simulateProgram(config, cluster, measured)
      : simulateStages(config, setupOf(config, cluster))
  if (!measured) return simulation
  return { ...simulation, result: { ...simulation.result, measuredDevice: measured.device.title } }
}

function shared(config: RunConfig, cluster: Cluster, stepSeconds: number) {
  const { model, batch, parallel } = config
  const tokens = batch.global * batch.sequence
  const peak = parallel.data * parallel.tensor * parallel.pipeline * cluster.device.peakFlops[config.precision]
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

function simulateProgram(config: RunConfig, cluster: Cluster, measured?: MeasuredDevice): Simulation {
  const roofline = programCosts(config, cluster)
  const costs = measured ? measuredCosts(measured.seconds, roofline) : roofline
  const run = (curve = false) => replay(config, costs, cluster.slowdown, { curve })
  const clocked = run()
  const { walks, walkOf, stepSeconds } = clocked
  checkReplayBudget(walks, config.cluster.memoryBytes)
  const { result, mfu, hfu } = shared(config, cluster, stepSeconds)
  const traffic = walks.map(trafficOf)
  const shares = walks.map((walk) => timeShares(walk, stepSeconds))
  const { data, tensor, pipeline } = config.parallel
  const world = data * tensor * pipeline
  const placeOf = (rank: number) =>
    rank < world ? coordinatesOf(config, rank) : { data: world, pipeline: 0, tensor: 0 }
  const ranks = Array.from(walkOf, (walk, rank): SimulatedRank => {
    const { sentBytes, receivedBytes, traffic: kinds } = traffic[walk]!
    const coordinates = placeOf(rank)
    return { rank, coordinates, predictedBytes: walks[walk]!.peak, sentBytes, receivedBytes, traffic: kinds }
  })
  const perRank = ranks.map(({ rank }) => shares[walkOf[rank]!]!)
  const standsFor = (walk: Walk) => walkOf.reduce((count, each) => count + (walks[each] === walk ? 1 : 0), 0)
  return {
    result: {
      ...result,
      simulated: 'program',
      software: softwareOf(config).id,
      ranks,
      links: programLoads(
        traffic.map(({ byGroup }) => byGroup.values()),
        (rank) => (rank < world ? coordinatesOf(config, rank) : null),
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
    },
    trace: () => traceOf(run(true), standsFor),
    memory: () => {
      const kept = run(true)
      const seen = new Set<string>()
      return kept.walks.flatMap((walk): MemoryCurve[] => {
        const coordinates = placeOf(walk.rank)
        // Of ranks that peak alike the first stands for all.
        const key = `${coordinates.pipeline} ${JSON.stringify(walk.peak)}`
        if (seen.has(key)) return []
        seen.add(key)
        return [curveOf(walk, stepSeconds, coordinates)]
      })
    },
  }
}

function peakOf(memory: RankMemory): PeakBytes {
  const peak = zeroPeak()
  for (const category of CATEGORIES) peak[category] = Math.round(memory[category])
  peak.total = Math.round(memory.total)
  return peak
}

/** Of each axis what the stage that sends most puts on it. */
function mostBy(traffic: readonly Pick<ReturnType<typeof modelTraffic>[number], 'byAxis'>[]): Record<LinkAxis, number> {
  const most = (axis: LinkAxis) => Math.max(0, ...traffic.map(({ byAxis }) => byAxis[axis]))
  return { tensor: most('tensor'), data: most('data'), pipeline: most('pipeline'), all: most('all') }
}

/** Names the rank that needs most. */
function refuseOverBudget(budget: number | null, ranks: readonly SimulatedRank[]): void {
  const [first, ...rest] = ranks
  if (budget === null || first === undefined) return
  const { rank, predictedBytes: peak } = rest.reduce(
    (most, each) => (each.predictedBytes.total > most.predictedBytes.total ? each : most),
    first,
  )
  if (peak.total <= budget) return
  const worst = CATEGORIES.reduce((most, each) => (peak[each] > peak[most] ? each : most))
  throw new OutOfMemoryError(
    say`rank ${rank} needs ${bytesText(peak.total)}, mostly ${worst} (${bytesText(peak[worst])}); the budget cluster.memoryBytes is ${bytesText(budget)}`
      .text,
    worst,
    peak.total,
  )
}

function simulateStages(config: RunConfig, setup: StepSetup): Simulation {
  const { data, tensor } = config.parallel
  // The fullest micro-batch decides memory, the mean one time.
  const fullest = { ...setup, microBatch: Math.ceil(setup.microBatch) }
  const memory = memoryOf(fullest)
  const traffic = modelTraffic(setup)
  const peaks = memory.map((each) => {
    const { first, other } = replicaMemory(each, fullest, config.parallel)
    return { first: peakOf(first), other: peakOf(other) }
  })
  const ranks: SimulatedRank[] = []
  peaks.forEach(({ first, other }, pipeline) => {
    const { sentBytes, traffic: kinds } = traffic[pipeline]!
    for (let d = 0; d < data; d++)
      for (let t = 0; t < tensor; t++) {
        const rank = ranks.length
        const predictedBytes = d === 0 ? first : other
        const coordinates = { data: d, pipeline, tensor: t }
        ranks.push({ rank, coordinates, predictedBytes, sentBytes, receivedBytes: sentBytes, traffic: kinds })
      }
  })
  refuseOverBudget(config.cluster.memoryBytes, ranks)
  const estimate = estimateStep(setup)
  const { stepSeconds } = estimate
  const { result, mfu, hfu } = shared(config, setup.cluster, stepSeconds)
  const perRank = ranks.map(({ coordinates }) => {
    const replica = estimate.replicas[estimate.replicaOf[coordinates.data]!]!
    const { computeSeconds, exchangeSeconds } = replica.ranks[coordinates.pipeline]!
    const compute = computeSeconds + estimate.optimizerSeconds
    const communication = exchangeSeconds + estimate.reduceSeconds
    return { compute, communication, idle: Math.max(0, stepSeconds - compute - communication) }
  })
  return {
    result: {
      ...result,
      simulated: 'stages',
      software: setup.software.id,
      ranks,
      links: meshLoads(config.parallel, mostBy(traffic), config.cluster),
      time: {
        stepSeconds,
        computeSeconds: perRank.map(({ compute }) => compute),
        communicationSeconds: perRank.map(({ communication }) => communication),
        idleSeconds: perRank.map(({ idle }) => idle),
        mfu,
        hfu,
        criticalPath: sharesOf(estimate, setup),
      },
    },
    trace: () => estimateTrace(setup, estimate),
    memory: () =>
      stageCurves(
        fullest,
        estimate,
        memory.map((each) => replicaMemory(each, fullest, config.parallel).first),
      ),
  }
}

/** What the busiest stage does, what it waits for, and what follows. */
function sharesOf(estimate: StepEstimate, { software }: StepSetup): PathShare[] {
  const { ranks, pipelineSeconds, reduceSeconds, optimizerSeconds } = estimate
  const busiest = ranks.reduce((a, b) =>
    b.computeSeconds + b.exchangeSeconds > a.computeSeconds + a.exchangeSeconds ? b : a,
  )
  const { computeSeconds, exchangeSeconds } = busiest
  return [
    { what: 'forward and backward', seconds: computeSeconds },
    { what: 'exchanges inside forward and backward', seconds: exchangeSeconds },
    { what: 'bubble', seconds: Math.max(0, pipelineSeconds - computeSeconds - exchangeSeconds) },
    { what: 'gradient exchange', seconds: reduceSeconds },
    { what: 'optimizerStep', seconds: optimizerSeconds },
    { what: 'framework', seconds: software.stepSeconds },
  ]
    .filter(({ seconds }) => seconds > 0)
    .sort((a, b) => b.seconds - a.seconds)
}
