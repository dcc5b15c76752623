import { refused } from '../../core/errors.ts'
import { sentence, englishOf } from '../../core/fault.ts'
import type { FaultSentence } from '../../core/fault.ts'
import { bytesText, CATEGORIES, type PeakBytes } from '../../core/bytes.ts'
import type { SoftwareId } from '../../config/names.ts'
import type { RunConfig } from '../../config/types.ts'
import type { MeasuredDevice } from '../cost/measured-device.ts'
import { clusterOf } from '../links.ts'
import { softwareOf } from '../cost/software.ts'
import { simulate, simulateFigures } from '../simulate.ts'
import { Bounds } from './bound.ts'
import { candidatesOf, candidateConfig, devicesOf, type Candidate } from './candidates.ts'
import { explain, verdictOf, type Verdict } from './explain.ts'
import type { ClockedCandidate } from './clocked-candidate.ts'
import { Probes } from './probe.ts'

export interface PlannerResult {
  readonly devices: number
  /** The software assumed for all candidates. */
  readonly software: SoftwareId
  readonly budgetBytes: number
  /** Candidates examined, those that fit, and those clocked. */
  readonly candidates: number
  readonly fitting: number
  readonly clocked: number
  /** Why layouts and candidates were dropped, most frequent first. */
  readonly dropped: readonly { readonly reason: FaultSentence; readonly count: number }[]
  /** Fastest first. */
  readonly ranked: readonly ClockedCandidate[]
  /** No other clocked candidate is both faster and smaller; smallest memory first. */
  readonly front: readonly ClockedCandidate[]
  readonly verdict: Verdict
  /** The verdict in two sentences. */
  readonly explanation: string
  /** The winner's complete configuration. */
  readonly best: RunConfig
}

export interface PlannerProgress {
  readonly phase: 'bounding' | 'clocking'
  readonly done: number
  readonly total: number | null
}

export interface PlannerOptions {
  /** Most candidates to replay, by bound. */
  readonly clocked?: number
  /** The measured "this", if any. */
  readonly measured?: MeasuredDevice
}

interface Bounded {
  readonly candidate: Candidate
  readonly boundSeconds: number
  readonly memoryBytes: number
}

/** Candidates between two progress reports. */
const REPORT_EVERY = 1000

/** Most candidates replayed: each takes up to a second. */
const MAX_CLOCKED = 16

/** Bounds come from small replays: how far they may exceed the full replay, as a share of it. */
export const SLACK = { seconds: 0.05, bytes: 0.25 } as const

function byStep(a: ClockedCandidate, b: ClockedCandidate): number {
  return a.stepSeconds - b.stepSeconds || a.memoryBytes - b.memoryBytes
}

/**
 * Searches the layouts of a configuration's model, global batch and sequence over its devices. Every candidate gets
 * bounds on memory and step time from replays of a few blocks; those with the lowest bounds, and the best for little
 * memory, are replayed until no other can be faster. Reported figures of a layout equal `simulate`'s. A generator: it
 * yields progress, and is cancelled by not resuming it.
 *
 * @throws RefusedError when nothing fits, with the nearest miss
 */
export function* layoutSearch(
  config: RunConfig,
  options: PlannerOptions = {},
): Generator<PlannerProgress, PlannerResult> {
  const { clocked: most = MAX_CLOCKED } = options
  const measured = config.cluster.device === 'this' ? options.measured : undefined
  const cluster = clusterOf(config.cluster, measured?.device)
  const budgetBytes = config.cluster.memoryBytes ?? cluster.device.memoryBytes
  const devices = devicesOf(config)
  const reasons = new Map<string, { readonly reason: FaultSentence; readonly count: number }>()
  const drop = (reason: FaultSentence) => {
    const key = englishOf(reason)
    reasons.set(key, { reason, count: (reasons.get(key)?.count ?? 0) + 1 })
  }
  const bounds = new Bounds(config, cluster, new Probes(config, cluster, measured))
  const known = measured ? { measured } : {}
  const replayed = (candidate: Candidate) => simulateFigures(candidateConfig(config, candidate), known)

  const fitting: Bounded[] = []
  let nearest: { candidate: Candidate; bytes: number } | null = null
  let candidates = 0
  for (const candidate of candidatesOf(config, devices, drop)) {
    if (candidates++ % REPORT_EVERY === 0) yield { phase: 'bounding', done: candidates, total: null }
    const { bytes, worst } = bounds.bytes(candidate)
    if (bytes * (1 - SLACK.bytes) > budgetBytes) {
      drop(sentence('layout-out-of-memory', { category: sentence(worst) }))
      if (nearest === null || bytes < nearest.bytes) nearest = { candidate, bytes }
      continue
    }
    fitting.push({ candidate, boundSeconds: bounds.seconds(candidate), memoryBytes: bytes })
  }
  const miss = (peak: PeakBytes) => {
    const worst = CATEGORIES.reduce((most, each) => (peak[each] > peak[most] ? each : most))
    return refused('cluster', 'nothing-fits', {
      devices,
      bytes: bytesText(budgetBytes),
      needed: bytesText(peak.total),
      category: sentence(worst),
    })
  }
  if (fitting.length === 0) {
    if (nearest !== null) throw miss(replayed(nearest.candidate).peak)
    throw refused('cluster', 'no-layout-makes-sense', {
      devices,
      reasons: [...reasons.values()].map(({ reason }) => reason),
    })
  }
  const planned: ClockedCandidate[] = []
  let best = Infinity
  /** By kind that did not fit, its bytes over its bound: others of the kind are expected to miss as much. */
  const missed = new Map<string, number>()
  let smallest: PeakBytes | null = null
  let done = 0
  for (const bounded of inTurn(
    fitting,
    most,
    () => best,
    (each) => each.memoryBytes * (missed.get(kindOf(each)) ?? 0) <= budgetBytes,
  )) {
    yield { phase: 'clocking', done: done++, total: Math.max(done, Math.min(most, fitting.length)) }
    const { candidate, memoryBytes } = bounded
    const { peak, ...figures } = replayed(candidate)
    if (peak.total <= budgetBytes) {
      planned.push({ candidate, ...figures, memoryBytes: peak.total })
      best = Math.min(best, figures.stepSeconds)
      continue
    }
    missed.set(kindOf(bounded), peak.total / memoryBytes)
    drop(sentence('layout-out-of-memory-counted'))
    if (smallest === null || peak.total < smallest.total) smallest = peak
  }
  planned.sort(byStep)
  const [winner] = planned
  if (!winner) throw miss(smallest!)
  const verdict = verdictOf(planned, simulate(candidateConfig(config, winner.candidate), known).result, budgetBytes)
  const dropped = [...reasons.values()].sort((a, b) => b.count - a.count)
  return {
    devices,
    software: softwareOf(config).id,
    budgetBytes,
    candidates,
    fitting: fitting.length - (done - planned.length),
    clocked: planned.length,
    dropped,
    ranked: planned,
    front: frontOf(planned),
    verdict,
    explanation: explain(verdict),
    best: { ...candidateConfig(config, winner.candidate), cluster: config.cluster },
  }
}

/** The whole search at once. */
export function searchLayouts(config: RunConfig, options: PlannerOptions = {}): PlannerResult {
  const steps = layoutSearch(config, options)
  let next = steps.next()
  while (!next.done) next = steps.next()
  return next.value
}

const kindOf = ({ candidate: { schedule, tensor, microBatch, recompute, zero } }: Bounded) =>
  `${schedule} ${tensor} ${microBatch} ${recompute} ${zero}`

const meshOf = ({ candidate: { data, tensor, pipeline } }: Bounded) => `${data} ${tensor} ${pipeline}`

/**
 * Lowest bounds first, until none can be below the best; then the best of another mesh, and those that no smaller one
 * beats.
 */
function* inTurn(
  fitting: readonly Bounded[],
  most: number,
  best: () => number,
  mayFit: (each: Bounded) => boolean,
): Generator<Bounded> {
  const byBound = fitting.toSorted((a, b) => a.boundSeconds - b.boundSeconds || a.memoryBytes - b.memoryBytes)
  const byMemory = fitting.toSorted((a, b) => a.memoryBytes - b.memoryBytes || a.boundSeconds - b.boundSeconds)
  const taken = new Set<Bounded>()
  const forFast = Math.ceil((most * 3) / 4)
  for (const each of byBound) {
    if (taken.size >= (best() < Infinity ? forFast : most)) break
    if (each.boundSeconds * (1 - SLACK.seconds) > best()) break
    if (!mayFit(each)) continue
    taken.add(each)
    yield each
  }
  const meshes = new Set([...taken].map(meshOf))
  const other = meshes.size < 2 ? byBound.find((each) => !meshes.has(meshOf(each)) && mayFit(each)) : undefined
  if (other) {
    taken.add(other)
    yield other
  }
  let least = Infinity
  for (const each of byMemory) {
    if (taken.size >= (best() < Infinity ? most : 2 * most)) break
    if (each.boundSeconds >= least) continue
    least = each.boundSeconds
    if (taken.has(each) || !mayFit(each)) continue
    taken.add(each)
    yield each
  }
}

/** @param planned fastest first */
function frontOf(planned: readonly ClockedCandidate[]): ClockedCandidate[] {
  const front: ClockedCandidate[] = []
  let least = Infinity
  for (const each of planned)
    if (each.memoryBytes < least) {
      least = each.memoryBytes
      front.push(each)
    }
  return front.reverse()
}
