import type { RunConfig } from '../config/types.ts'
import { RefusedError } from '../core/errors.ts'
import { msg } from '../core/message.ts'
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
  if (ranks > MAX_RANKS)
    throw new RefusedError(
      'parallel',
      msg`${ranks} ranks; this page trains on at most ${MAX_RANKS}: Simulate clocks more`,
    )
  const { batch, model, parallel } = config
  const perMicrobatch = OPS_OF_BLOCK * Math.ceil(model.layers / parallel.pipeline) + OPS_AROUND
  const most = Math.max(1, Math.floor(MAX_OPS / (ranks * perMicrobatch)))
  if (batch.microbatches > most)
    throw new RefusedError(
      'batch.microbatches',
      msg`${batch.microbatches} on ${ranks} ranks of ${Math.ceil(model.layers / parallel.pipeline)} blocks are too many ops for this page; at most ${most}`,
    )
}
