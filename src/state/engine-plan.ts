import type { RunConfig } from '../config/types.ts'
import type { BytesByCategory } from '../core/bytes.ts'
import { OutOfMemoryError } from '../core/errors.ts'
import type { Fault } from '../core/fault.ts'
import { parameterCount } from '../model/parameters.ts'
import type { Action } from '../schedule/actions.ts'
import { OP_KINDS } from '../schedule/op-kinds.ts'
import type { Op, Program, RankProgram } from '../schedule/program.ts'
import { actionsOf } from '../schedule/registry.ts'
import type { SpanKind } from '../schedule/span-kinds.ts'
import { isBackward } from '../schedule/span-kinds.ts'
import { summarizeSchedule } from '../schedule/summary.ts'
import type { ClockedOrder } from '../schedule/unit-clock.ts'
import { clockOrder } from '../schedule/unit-clock.ts'
import { validateProgram } from '../schedule/validate.ts'
import type { PredictedBytes } from '../sim/ledger.ts'
import { checkBudget, predictBytes } from '../sim/ledger.ts'
import { rankTraffic } from '../sim/traffic.ts'
import { buildProgram } from '../strategy/build.ts'
import { totalOf } from './memory-view.ts'
import { pairsOf } from './op-flows.ts'
import { planFrom } from './plan-data.ts'
import type { PlanData } from './plan-data.ts'
import type { PlannedMemory, Plan, PlannedRank, TimelineSpan } from './session.ts'

/** Compiles a configuration and predicts its costs. */
export function predict(config: RunConfig): PlanData {
  const program = buildProgram(config)
  validateProgram(program)
  const predicted = predictBytes(program)
  const { pipeline, chunks, schedule } = config.parallel
  const { actions, stageToRank } = actionsOf(config)
  const clocked = clockOrder(actions, { stageToRank })
  const shape = { stages: pipeline, microbatches: config.batch.microbatches, chunks }
  return {
    program,
    memory: predicted.map(({ plan }) => plan),
    world: program.world,
    ranks: program.ranks.map((rank) => plannedRank(rank, predicted[rank.rank]!, actions, clocked)),
    ideal: { spans: program.ranks.flatMap((rank) => idealSpans(rank, actions, clocked)), end: clocked.makespan },
    schedule: summarizeSchedule(schedule, shape),
    parameters: parameterCount(config.model),
    overBudget: overBudget(program, predicted, config.cluster.memoryBytes),
    pairs: pairsOf(program),
  }
}

/** The plan of a configuration, computed in this thread. */
export function planOf(config: RunConfig): Plan {
  return planFrom(config, predict(config))
}

function overBudget(program: Program, predicted: readonly PredictedBytes[], budget: number | null): Fault | null {
  try {
    checkBudget(program, predicted, budget)
    return null
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error
    return { ...error.fault, field: 'cluster.memoryBytes' }
  }
}

const ACTION_KINDS: Readonly<Record<Action['kind'], SpanKind>> = {
  F: 'forward',
  B: 'backward',
  I: 'backwardInput',
  W: 'backwardWeight',
}

/** The schedule's actions under unit costs; a rank without a device has none. */
function idealSpans(rank: RankProgram, actions: readonly (readonly Action[])[], clocked: ClockedOrder): TimelineSpan[] {
  if (rank.device === 'cpu') return []
  const p = rank.coordinates.pipeline
  return actions[p]!.map((action, i) => ({
    row: rank.rank,
    start: clocked.start[p]![i]!,
    end: clocked.end[p]![i]!,
    kind: ACTION_KINDS[action.kind],
    label: `${action.kind}${action.microbatch}`,
    microbatch: action.microbatch,
    stage: action.stage,
    bytes: null,
    op: null,
  }))
}

/** When each op of the step happens on the ideal clock: its action's span, cut evenly among the action's ops. */
function opTimes(
  rank: RankProgram,
  actions: readonly Action[],
  start: Float64Array,
  end: Float64Array,
): Map<number, number> {
  const times = new Map<number, number>()
  let at = 0
  const members: Op[][] = actions.map(() => [])
  const after: Op[] = []
  for (const op of rank.step) {
    const place = op.stage !== undefined && op.microbatch !== undefined
    if (place) {
      const fits = (action: Action) =>
        action.stage === op.stage &&
        action.microbatch === op.microbatch &&
        !(action.kind === 'F' && isBackward(OP_KINDS[op.kind].drawing)) &&
        !(action.kind === 'I' && op.kind === 'backwardWeight')
      let next = at
      while (next < actions.length && !fits(actions[next]!)) next++
      if (next < actions.length) at = next
    }
    if (at === actions.length - 1 && !place) after.push(op)
    else members[at]?.push(op)
  }
  for (const [i, ops] of members.entries())
    for (const [k, op] of ops.entries()) times.set(op.id, start[i]! + ((end[i]! - start[i]!) * k) / ops.length)
  const last = Math.max(0, ...end)
  for (const op of after) times.set(op.id, last)
  return times
}

function plannedRank(
  rank: RankProgram,
  predicted: PredictedBytes,
  actions: readonly (readonly Action[])[],
  clocked: ClockedOrder,
): PlannedRank {
  const p = rank.coordinates.pipeline
  const times =
    rank.device === 'cpu' ? new Map<number, number>() : opTimes(rank, actions[p]!, clocked.start[p]!, clocked.end[p]!)
  const points = predicted.curve.flatMap((point) => {
    const time = times.get(point.op)
    return time === undefined ? [] : [{ time, point }]
  })
  points.sort((a, b) => a.time - b.time)
  const memory: PlannedMemory = {
    times: points.map(({ time }) => time),
    ops: points.map(({ point }) => point.op),
    bytes: points.map(({ point }) => point.live),
    cached: points.map(({ point }) => point.cached),
  }
  const { total: _, cached: __, ...peaks } = predicted.peak
  const atPeak = predicted.curve.reduce<BytesByCategory | null>(
    (most, { live }) => (most === null || totalOf(live) > totalOf(most) ? live : most),
    null,
  )
  return {
    rank: rank.rank,
    coordinates: rank.coordinates,
    device: rank.device,
    peak: predicted.peak,
    atPeak: atPeak ?? peaks,
    sentBytes: rankTraffic(rank).sentBytes,
    memory,
  }
}
