import type { Problem } from './check.ts'
import { problemsOf } from './check.ts'
import type { RunConfig } from './types.ts'

export type { Problem } from './check.ts'

/** What is wrong with a configuration, by field, without throwing: what the page shows beside its controls. */
export function explainConfig(config: RunConfig): Problem[] {
  return problemsOf(config)
}
