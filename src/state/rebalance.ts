import { replicaSizes } from '../config/check.ts'
import type { RunConfig } from '../config/types.ts'
import { blocksPerStage } from '../strategy/stages.ts'
import type { RankView } from './run-state.ts'
import type { Plan } from './session.ts'
import { computeSeconds } from './slowest.ts'

/** A better split of the same work over ranks with different measured speeds. */
export interface Rebalance {
  readonly kind: 'shares' | 'partition'
  /** Samples per replica, or blocks per stage. */
  readonly before: readonly number[]
  readonly after: readonly number[]
  /** Predicted: the slowest rank's compute time before, divided by that after. */
  readonly gain: number
}

/** A smaller gain is not worth a restart. */
const MIN_GAIN = 1.1
/** The first steps compile and warm up. */
const STEPS_SEEN = 4

/**
 * From the measured time per unit of work, the split with the shortest slowest part: batch shares for replicas, blocks
 * per stage in a pipeline. null where nothing better is known.
 */
export function rebalance(
  config: RunConfig,
  plan: Plan,
  ranks: readonly RankView[],
  stepsSeen: number,
): Rebalance | null {
  if (stepsSeen < STEPS_SEEN) return null
  const seconds = computeSeconds(ranks, config)
  const { data, pipeline, chunks, dataMode, server } = config.parallel
  const slowest = (dimension: 'data' | 'pipeline', size: number) =>
    Array.from({ length: size }, (_, place) =>
      Math.max(
        ...plan.ranks.map((each, rank) =>
          each.device === 'gpu' && each.coordinates[dimension] === place ? (seconds[rank] ?? NaN) : 0,
        ),
      ),
    )
  if (data > 1 && pipeline === 1 && dataMode !== 'data-parallel' && !server.async) {
    const before = replicaSizes(config)
    const each = slowest('data', data).map((time, i) => ({ perUnit: time / before[i]!, fixed: 0 }))
    return offer('shares', before, each, config.batch.microbatches)
  }
  if (pipeline > 1 && chunks === 1) {
    const before = blocksPerStage(config)
    const { embed, vocab } = config.model
    // The head's product is as large as this many blocks (12·h² weights each); embeddings are lookups.
    const head = vocab / (12 * embed)
    const each = slowest('pipeline', pipeline).map((time, stage) => {
      const extra = stage === pipeline - 1 ? head : 0
      const perUnit = time / (before[stage]! + extra)
      return { perUnit, fixed: perUnit * extra }
    })
    return offer('partition', before, each, 1)
  }
  return null
}

interface Speed {
  readonly perUnit: number
  readonly fixed: number
}

function offer(
  kind: Rebalance['kind'],
  before: readonly number[],
  speeds: readonly Speed[],
  least: number,
): Rebalance | null {
  if (!speeds.every(({ perUnit }) => perUnit > 0)) return null
  const total = before.reduce((a, b) => a + b, 0)
  const after = speeds.map(() => least)
  const timeOf = (units: readonly number[]) =>
    Math.max(...speeds.map(({ perUnit, fixed }, i) => fixed + perUnit * units[i]!))
  // Greedy, each unit to the rank that finishes it first: optimal for such sums.
  for (let left = total - least * speeds.length; left > 0; left--) {
    const ends = speeds.map(({ perUnit, fixed }, i) => fixed + perUnit * (after[i]! + 1))
    after[ends.indexOf(Math.min(...ends))]!++
  }
  const gain = timeOf(before) / timeOf(after)
  return gain >= MIN_GAIN ? { kind, before, after, gain } : null
}

/** The configuration with the better split. */
export function withSplit(config: RunConfig, { kind, after }: Rebalance): RunConfig {
  return kind === 'shares'
    ? { ...config, batch: { ...config.batch, shares: after } }
    : { ...config, parallel: { ...config.parallel, partition: after } }
}
