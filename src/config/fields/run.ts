import { computed, field, group } from '../field.ts'
import type { Plain } from '../field.ts'
import { choice, nullable, integer } from '../field-types.ts'
import { BATCH } from './batch.ts'
import { CLUSTER } from './cluster.ts'
import { DATA } from './data.ts'
import { MODEL } from './model.ts'
import { OPTIMIZER } from './optimizer.ts'
import { PARALLEL } from './parallel.ts'
import { RELIABILITY } from './reliability.ts'

const times = nullable(integer(1, 1_000_000))

/** The whole run configuration: one row per field (config/field.ts says what a row is). */
export const RUN = group({
  version: field(choice([1]), 1),
  seed: field(integer(0, Number.MAX_SAFE_INTEGER), 1234),
  /** Optimizer steps; null when `epochs` is given. */
  steps: computed(times, {
    from: (_: object, { epochs }: Plain) => (epochs === undefined || epochs === null ? 20 : null),
  }),
  epochs: field(times, null),
  precision: field(choice(['f32', 'mixed-bf16', 'mixed-f16']), 'f32', { executes: ['f32'] }),
  model: MODEL,
  data: DATA,
  batch: BATCH,
  optimizer: OPTIMIZER,
  parallel: PARALLEL,
  cluster: CLUSTER,
  /** Goodput is simulated for it; null: it is not. */
  reliability: field(nullable(RELIABILITY), null, { executes: [null] }),
})
