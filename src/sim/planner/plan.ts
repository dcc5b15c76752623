import { RefusedError } from '../../core/errors.ts'
import { bytesText } from '../../core/bytes.ts'
import { say } from '../../core/said.ts'
import type { SoftwareId } from '../../config/names.ts'
import type { RunConfig } from '../../config/types.ts'
import type { MeasuredDevice } from '../cost/measured-device.ts'
import { stepTail, stageCosts } from '../estimate.ts'
import { clusterOf } from '../links.ts'
import { memoryOf, type RankMemory } from '../memory-model.ts'
import { setupOf, softwareOf } from '../setup-of.ts'
import { simulate, type SimulatedResult } from '../simulate.ts'
import { microbatchesForMemory, pipelineBound } from './bound.ts'
import { candidatesOf, configOf, devicesOf, type Candidate } from './candidates.ts'
import { explain, verdictOf, type Verdict } from './explain.ts'
import type { Planned } from './planned.ts'

export interface Plan {
  readonly devices: number
  /** The software whose figures all candidates take. */
  readonly software: SoftwareId
  readonly budgetBytes: number
  /** Candidates looked at, those that fit, and those clocked. */
  readonly candidates: number
  readonly fitting: number
  readonly clocked: number
  /** Why layouts and candidates were dropped, most often first. */
  readonly dropped: readonly { readonly reason: string; readonly count: number }[]
  /** Fastest first. */
  readonly ranked: readonly Planned[]
  /** No other clocked candidate is both faster and smaller; smallest memory first. */
  readonly front: readonly Planned[]
  readonly verdict: Verdict
  /** The verdict in two sentences. */
  readonly explanation: string
  /** The configuration of the winner, complete. */
  readonly best: RunConfig
}

export interface PlanProgress {
  readonly phase: 'bounding' | 'clocking'
  readonly done: number
  readonly total: number | null
}

export interface PlanOptions {
  /** Candidates that are clocked, by lower bound. */
  readonly clocked?: number
  /** What "this" is, where it was measured. */
  readonly measured?: MeasuredDevice
}

interface Bounded {
  readonly candidate: Candidate
  readonly boundSeconds: number
  readonly memoryBytes: number
}

/** Candidates between two reports. */
const REPORT_EVERY = 1000
const REPORT_CLOCKED_EVERY = 50

/** The best so many are clocked op by op where their Programs have no more ops than this. */
const FINALISTS = 20
const MOST_OPS = 2000

interface Clocked {
  readonly planned: Planned
  readonly result: SimulatedResult
}

function plannedOf(
  candidate: Candidate,
  { time, tokensPerSecond, schedule }: SimulatedResult,
  memoryBytes: number,
): Planned {
  const { stepSeconds, mfu } = time
  return {
    candidate,
    stepSeconds,
    tokensPerSecond: tokensPerSecond!.virtual!,
    memoryBytes,
    mfu,
    bubble: schedule!.bubble,
  }
}

function byStep({ planned: a }: Clocked, { planned: b }: Clocked): number {
  return a.stepSeconds - b.stepSeconds || a.memoryBytes - b.memoryBytes
}

function fullest(memory: readonly RankMemory[]): RankMemory {
  return memory.reduce((most, each) => (each.total > most.total ? each : most))
}

function worstOf(memory: RankMemory): string {
  const categories = ['parameters', 'gradients', 'optimizer', 'activations', 'communication', 'workspace'] as const
  return categories.reduce((most, each) => (memory[each] > memory[most] ? each : most))
}

/**
 * Searches the layouts of a configuration's model, global batch and sequence over its devices. Every candidate gets its
 * memory and a lower bound of its step; those with the lowest bounds, and those that are good for little memory, are
 * clocked. A generator: it reports as it goes, and whoever stops asking cancels it.
 *
 * @throws RefusedError when nothing fits, with the nearest miss
 */
export function* planSteps(config: RunConfig, options: PlanOptions = {}): Generator<PlanProgress, Plan> {
  const { clocked: most = 300, measured } = options
  const cluster = clusterOf(config.cluster, config.cluster.device === 'this' ? measured?.device : undefined)
  const budgetBytes = config.cluster.memoryBytes ?? cluster.device.memoryBytes
  const devices = devicesOf(config)
  const reasons = new Map<string, number>()
  const drop = (reason: string) => void reasons.set(reason, (reasons.get(reason) ?? 0) + 1)

  const fitting: Bounded[] = []
  let nearest: { candidate: Candidate; memory: RankMemory } | null = null
  let candidates = 0
  for (const candidate of candidatesOf(config, devices, drop)) {
    if (++candidates % REPORT_EVERY === 0) yield { phase: 'bounding', done: candidates, total: null }
    const setup = setupOf(configOf(config, candidate), cluster)
    const memory = fullest(memoryOf({ ...setup, microbatches: microbatchesForMemory(setup) }))
    if (memory.total > budgetBytes) {
      drop(say`out of memory, mostly ${worstOf(memory)}`.text)
      if (nearest === null || memory.total < nearest.memory.total) nearest = { candidate, memory }
      continue
    }
    const boundSeconds = pipelineBound(setup, stageCosts(setup)) + stepTail(setup).total
    fitting.push({ candidate, boundSeconds, memoryBytes: memory.total })
  }
  if (fitting.length === 0) {
    throw new RefusedError(
      'cluster',
      nearest === null
        ? say`no layout over ${devices} devices makes sense (${[...reasons.keys()].join('; ')})`
        : say`nothing fits ${devices} devices of ${bytesText(budgetBytes)}; the smallest layout needs ${bytesText(nearest.memory.total)}, mostly ${worstOf(nearest.memory)}`,
    )
  }
  const chosen = chooseForClock(fitting, most)
  const clock = (candidate: Candidate, mostOps: number): Clocked | null => {
    const { result } = simulate(configOf(config, candidate), { mostOps, ...(measured ? { measured } : {}) })
    const memoryBytes = result.ranks.reduce((most, rank) => Math.max(most, rank.predictedBytes.total), 0)
    if (memoryBytes <= budgetBytes) return { planned: plannedOf(candidate, result, memoryBytes), result }
    drop(say`out of memory, counted buffer by buffer`.text)
    return null
  }
  const clocked: Clocked[] = []
  for (const [i, { candidate }] of chosen.entries()) {
    if (i % REPORT_CLOCKED_EVERY === 0) yield { phase: 'clocking', done: i, total: chosen.length }
    const each = clock(candidate, 0)
    if (each !== null) clocked.push(each)
  }
  clocked.sort(byStep)
  // Where a Program is small, the last word among the best is its own.
  const best = clocked.splice(0, FINALISTS).flatMap(({ planned }) => clock(planned.candidate, MOST_OPS) ?? [])
  clocked.unshift(...best)
  clocked.sort(byStep)
  const [winner] = clocked
  if (!winner) throw new RefusedError('cluster', say`nothing fits ${devices} devices counted buffer by buffer`)
  const planned = clocked.map((each) => each.planned)
  const verdict = verdictOf(planned, winner.result, budgetBytes)
  const dropped = [...reasons].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count)
  return {
    devices,
    software: softwareOf(config).id,
    budgetBytes,
    candidates,
    fitting: fitting.length,
    clocked: planned.length,
    dropped,
    ranked: planned,
    front: frontOf(planned),
    verdict,
    explanation: explain(verdict),
    best: { ...configOf(config, winner.planned.candidate), cluster: config.cluster },
  }
}

/** The whole search at once. */
export function plan(config: RunConfig, options: PlanOptions = {}): Plan {
  const steps = planSteps(config, options)
  let next = steps.next()
  while (!next.done) next = steps.next()
  return next.value
}

/** Lowest bounds first; a quarter of the places goes to those that no smaller candidate beats. */
function chooseForClock(fitting: Bounded[], most: number): Bounded[] {
  const byBound = fitting.toSorted((a, b) => a.boundSeconds - b.boundSeconds || a.memoryBytes - b.memoryBytes)
  const byMemory = fitting.toSorted((a, b) => a.memoryBytes - b.memoryBytes || a.boundSeconds - b.boundSeconds)
  const chosen = new Set<Bounded>()
  let best = Infinity
  for (const each of byMemory) {
    if (each.boundSeconds >= best || chosen.size >= most / 4) continue
    best = each.boundSeconds
    chosen.add(each)
  }
  for (const each of byBound) {
    if (chosen.size >= most) break
    chosen.add(each)
  }
  // Shape after shape: an order that takes a search is searched once.
  const shapeOf = ({ candidate: c }: Bounded) => `${c.schedule} ${c.pipeline} ${c.chunks} ${c.microbatches}`
  return [...chosen].sort((a, b) => shapeOf(a).localeCompare(shapeOf(b)))
}

/** @param planned fastest first */
function frontOf(planned: readonly Planned[]): Planned[] {
  const front: Planned[] = []
  let least = Infinity
  for (const each of planned)
    if (each.memoryBytes < least) {
      least = each.memoryBytes
      front.push(each)
    }
  return front.reverse()
}
