import type { RunConfig } from '../config/types.ts'
import { refused } from '../core/errors.ts'
import { worldSize } from './fields.ts'

/** Most ranks that the page draws and a browser provides workers for. */
export const MAX_RANKS = 256
/** About 10 kB each during compilation: what a tab can spare and a worker can post at once. */
const MAX_OPS = 60_000
/** Ops of a block's forward and backward, and of everything around the blocks. */
const OPS_OF_BLOCK = 14
const OPS_AROUND = 6

/** Throws RefusedError for a Program too large to compile in a tab, before any of it is built. */
export function checkSize(config: RunConfig): void {
  const ranks = worldSize(config)
  if (ranks > MAX_RANKS) throw refused('parallel', 'too-many-ranks-for-page', { ranks, most: MAX_RANKS })
  const { batch, model, parallel } = config
  const perMicrobatch = OPS_OF_BLOCK * Math.ceil(model.layers / parallel.pipeline) + OPS_AROUND
  const most = Math.max(1, Math.floor(MAX_OPS / (ranks * perMicrobatch)))
  if (batch.microbatches > most)
    throw refused('batch.microbatches', 'too-many-ops-for-page', {
      microbatches: batch.microbatches,
      ranks,
      blocks: Math.ceil(model.layers / parallel.pipeline),
      most,
    })
}
