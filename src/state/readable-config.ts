import { readConfig } from '../config/parse.ts'
import type { RunConfig } from '../config/types.ts'
import { RefusedError } from '../core/errors.ts'
import type { Draft } from './draft-path.ts'
import { removePath } from './draft-path.ts'

/**
 * A draft with every default filled in, whether or not its fields are consistent, for display in controls. A field that
 * is invalid on its own is left out, so that the others keep their values.
 */
export function readableConfig(draft: Draft): RunConfig {
  let rest = draft
  for (;;) {
    try {
      return readConfig(rest)
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      const next = removePath(rest, error.fault.field ?? '')
      if (JSON.stringify(next) === JSON.stringify(rest)) return readConfig({})
      rest = next
    }
  }
}
