import { parseConfig } from '../../src/config/parse.ts'
import type { RunConfig } from '../../src/config/types.ts'
import { RefusedError } from '../../src/core/errors.ts'

/** A tiny model whose micro-batches are two samples of a replica each, and three samples that they cannot share. */
export function unevenConfig(parallel: object, microbatches: number): RunConfig {
  const data = 'data' in parallel ? Number(parallel.data) : 1
  return parseConfig({
    model: { layers: 4, heads: 2, embed: 16, context: 8, vocab: 256 },
    batch: { global: 2 * data * microbatches + 3, microbatches, sequence: 8 },
    parallel,
  })
}

interface Repeatable {
  readonly batch: { readonly global: number; readonly microbatches: number }
}

/** The input with so many times the micro-batches, so that they repeat; null where that is refused. */
export function repeatedConfig(input: Repeatable, times: number, more: object = {}): RunConfig | null {
  const { microbatches, global } = input.batch
  const batch = { ...input.batch, microbatches: microbatches * times, global: global * times }
  try {
    return parseConfig({ ...input, batch, ...more })
  } catch (error) {
    if (error instanceof RefusedError) return null
    throw error
  }
}
