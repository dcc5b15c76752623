import type { Fragment } from './field.ts'
import { RUN } from './fields/run.ts'
import { objectSchema } from './reader.ts'

/**
 * The JSON Schema of a run configuration, generated from its rows. Rules between fields (a divisor, a sum, "one of the
 * two") are not included: only check.ts has them.
 */
export function runSchema(): Fragment {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'TabCluster run configuration',
    ...objectSchema(RUN.rows),
  }
}
