import { meshSize } from '../core/mesh.ts'
import { replicaSizes } from '../config/check.ts'
import type { RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import { headChunkRows } from './recipes.ts'

/** Most ops of a Program: beyond that, building and validating it takes minutes and gigabytes. */
const MAX_OPS = 500_000
/** Every rank of a Program knows its groups, and DataParallel's first rank every other. */
const MAX_RANKS = 256

/**
 * Approximate ops of the Program: a dozen segments per block and micro-batch, the head's chunks, exchanges between
 * tensor ranks.
 */
function expectedOps(config: RunConfig): number {
  const { model, batch, parallel: p } = config
  const perBlock = 12 + (p.tensor > 1 ? 4 : 0) + (p.sequenceParallel ? 6 : 0) + (p.recompute === 'none' ? 0 : 6)
  const rows = (largestReplica(config) / batch.microbatches) * batch.sequence
  const chunks = Math.ceil(rows / headChunkRows(config, rows, model.vocab / p.tensor))
  return meshSize(p, ['data', 'tensor']) * batch.microbatches * (model.layers * perBlock + 3 * (chunks - 1))
}

/** Samples of the largest replica. */
function largestReplica(config: RunConfig): number {
  return replicaSizes(config).reduce((a, b) => Math.max(a, b))
}

/** Refuses a Program that would take too long. @throws RefusedError */
export function checkProgramSize(config: RunConfig): void {
  const ranks = meshSize(config.parallel)
  if (ranks > MAX_RANKS) throw refused('parallel', 'too-many-ranks-for-program', { ranks, most: MAX_RANKS })
  const ops = expectedOps(config)
  if (ops > MAX_OPS)
    throw refused('batch', 'program-too-large', {
      samples: config.batch.global,
      microbatches: config.batch.microbatches,
      millions: Math.ceil(ops / 1e5) / 10,
      most: MAX_OPS,
    })
}
