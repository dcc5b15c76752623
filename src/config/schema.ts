import type { Fragment } from './field.ts'
import { RUN } from './fields/run.ts'
import { objectSchema } from './reader.ts'

/**
 * The JSON Schema of a run configuration, made of the rows that read one. Rules between fields (a divisor, a sum, "one of
 * the two") are not in it: check.ts alone knows those.
 */
export function runSchema(): Fragment {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'TabCluster run configuration',
    ...objectSchema(RUN.rows),
  }
}
