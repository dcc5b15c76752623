import { refused } from '../../core/errors.ts'
import { atLeast, computed, field, group } from '../field.ts'
import type { FieldType } from '../field.ts'
import { quoted } from '../quoted.ts'
import { nullable, integer } from '../field-types.ts'

const isShare = (x: unknown): x is number => typeof x === 'number' && x > 0 && Number.isFinite(x)

const shares: FieldType<readonly number[]> = {
  read(path, value) {
    if (!Array.isArray(value) || value.length === 0 || !value.every(isShare))
      throw refused(path, 'not-shares', { value: quoted(value) })
    return value
  },
  schema: { type: 'array', items: { type: 'number', exclusiveMinimum: 0 }, minItems: 1 },
}

export const BATCH = group({
  global: field(integer(1, 2 ** 24), 8),
  /** Micro-batches per replica and optimizer step. */
  microbatches: field(integer(1, 65_536), 2),
  sequence: computed(integer(1, 10_000_000), {
    from: ({ model }: { model: { context: number } }) => Math.min(64, model.context),
  }),
  /** Relative batch shares of the replicas; null: even. */
  shares: field(nullable(shares), null, { when: [[atLeast('parallel.data', 2)]] }),
})
