import { bytesText, CATEGORIES, zeroPeak, type PeakBytes } from '../core/bytes.ts'
import { OutOfMemoryError } from '../core/errors.ts'
import { say } from '../core/said.ts'
import type { RankResult, RunResult, TimeResult } from '../config/result.ts'
import type { RunConfig } from '../config/types.ts'
import { planMemory } from '../schedule/memory-plan.ts'
import { shapeOf } from '../schedule/registry.ts'
import type { Trace } from '../schedule/trace.ts'
import { buildProgram } from '../strategy/build.ts'
import { clockProgram, type ClockedProgram } from './clock.ts'
import { criticalShares, type PathShare } from './clock/critical.ts'
import { traceOf } from './clock/trace.ts'
import { measuredCosts } from './cost/measured-costs.ts'
import type { MeasuredDevice } from './cost/measured-device.ts'
import { rooflineCosts } from './cost/roofline-costs.ts'
import type { Software } from './cost/software.ts'
import { estimateStep, type StepEstimate } from './estimate.ts'
import { estimateTrace } from './estimate-trace.ts'
import { checkBudget } from './ledger.ts'
import { clusterOf, type Cluster } from './links.ts'
import { programCurves, stageCurves, type MemoryCurve } from './memory-curve.ts'
import { memoryOf, type RankMemory } from './memory-model.ts'
import { hardwareFlops, modelFlops } from './model-flops.ts'
import { summaryOf } from './orders.ts'
import { remember } from './remember.ts'
import { replicaMemory } from './replica-memory.ts'
import { setupOf } from './setup-of.ts'
import type { StepSetup } from './step-setup.ts'
import type { LinkAxis, LinkLoad } from './link-load.ts'
import { meshLoads, programLoads } from './link-load.ts'
import { rankTraffic as programTraffic } from './traffic.ts'
import { rankTraffic as modelTraffic } from './traffic-model.ts'

/** A rank nothing ran on: no measured peak. */
export type SimulatedRank = Omit<RankResult, 'peakBytes'>

export interface SimulatedResult extends Omit<RunResult, 'ranks'> {
  /** What was clocked: the Program op by op, or stage-level costs where the executor would refuse or the Program is huge. */
  readonly simulated: 'program' | 'stages'
  /** The framework whose figures stage-level costs take; absent for a Program, which runs this project's kernels. */
  readonly software?: string
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

/** Ranks and ops of a Program that is clocked op by op; beyond them stage-level costs are. */
const MOST_RANKS = 64
const MOST_OPS = 40_000

/** Ops of the Program, roughly: a dozen segments per block and micro-batch, exchanges between tensor ranks. */
function expectedOps({ model, batch, parallel: p }: RunConfig): number {
  const perBlock = 12 + (p.tensor > 1 ? 4 : 0) + (p.sequenceParallel ? 6 : 0) + (p.recompute === 'none' ? 0 : 6)
  return p.data * p.tensor * batch.microbatches * model.layers * perBlock
}

/** Whether the configuration is one that executes: its Program is what would run. */
export function isClocked(config: RunConfig, mostOps = MOST_OPS): boolean {
  const { data, tensor, pipeline } = config.parallel
  return config.precision === 'f32' && data * tensor * pipeline <= MOST_RANKS && expectedOps(config) <= mostOps
}

export interface SimulateOptions {
  /** In place of the framework that stands for the configuration (stage-level costs only). */
  readonly software?: Software
  /** What "this" is, where it was measured: its rates, and its own times of the ops that were timed. */
  readonly measured?: MeasuredDevice
  /** Programs of more ops are clocked by stage. */
  readonly mostOps?: number
}

/**
 * What a configuration costs on its cluster: bytes, traffic and times of every rank. Pure and deterministic.
 *
 * @throws RefusedError for a configuration no strategy covers; OutOfMemoryError when cluster.memoryBytes is exceeded
 */
export function simulate(config: RunConfig, options: SimulateOptions = {}): Simulation {
  const { software, mostOps = MOST_OPS } = options
  const measured = config.cluster.device === 'this' ? options.measured : undefined
  const cluster = clusterOf(config.cluster, measured?.device)
  const simulation = isClocked(config, mostOps)
    ? simulateProgram(config, cluster, measured)
    : simulateStages(config, setupOf(config, cluster, software))
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

function built(config: RunConfig) {
  const program = buildProgram(config)
  return { program, plans: program.ranks.map((rank) => planMemory(rank, { curve: false })) }
}

/** Of Programs with so few ops the last ones are kept: sweeps change the cluster or the seed more often than the Program. */
const SMALL_OPS = 2000

const builtSmall = remember(
  64,
  // What a step holds and moves depends on nothing else; which samples it loads (the seed) costs the same.
  ({ model, batch, parallel, optimizer }: RunConfig) => {
    const { kind, momentum, gradClip } = optimizer
    return JSON.stringify([model, batch, parallel, kind, momentum > 0, gradClip > 0])
  },
  built,
)

function simulateProgram(config: RunConfig, cluster: Cluster, measured?: MeasuredDevice): Simulation {
  const { program, plans } = expectedOps(config) <= SMALL_OPS ? builtSmall(config) : built(config)
  const budget = config.cluster.memoryBytes
  // Curves are long: only ranks that do not fit need one, to say where.
  if (budget !== null) {
    const over = program.ranks
      .filter((_, r) => plans[r]!.peak.total > budget)
      .map((rank) => ({ rank, plan: planMemory(rank) }))
    checkBudget(
      program,
      over.map(({ rank: { rank }, plan }) => ({ rank, peak: plan.peak, curve: plan.curve, plan })),
      budget,
    )
  }
  const roofline = rooflineCosts(program, cluster)
  const costs = measured ? measuredCosts(measured.seconds, roofline) : roofline
  const clock = (withPlans = plans): ClockedProgram => clockProgram(program, costs, { plans: withPlans })
  const clocked = clock()
  const { stepSeconds, ranks } = clocked
  const { result, mfu, hfu } = shared(config, cluster, stepSeconds)
  return {
    result: {
      ...result,
      simulated: 'program',
      ranks: program.ranks.map((rank, r) => ({
        rank: rank.rank,
        coordinates: rank.coordinates,
        predictedBytes: plans[r]!.peak,
        ...programTraffic(rank),
      })),
      links: programLoads(program, config.cluster),
      time: {
        stepSeconds,
        computeSeconds: ranks.map((each) => each.computeSeconds),
        communicationSeconds: ranks.map((each) => each.communicationSeconds),
        idleSeconds: ranks.map((each) => each.idleSeconds),
        mfu,
        hfu,
        criticalPath: criticalShares(clocked),
      },
    },
    trace: () => traceOf(clock(program.ranks.map((rank) => planMemory(rank)))),
    memory: () =>
      programCurves(
        clock(program.ranks.map((rank) => planMemory(rank))),
        program.ranks.map(({ coordinates }) => coordinates),
      ),
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
      software: setup.software.title,
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
