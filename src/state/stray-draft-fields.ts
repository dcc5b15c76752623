import { strayFieldsOf } from '../config/effects.ts'
import { readConfig } from '../config/parse.ts'
import { RefusedError } from '../core/errors.ts'
import type { Draft } from './draft-path.ts'
import { readPath, removePath } from './draft-path.ts'

/**
 * A draft in which something was chosen, without what means nothing beside it: who goes from SGD to AdamW leaves the momentum
 * behind. What was chosen itself stays, for the rules to speak about. Not for a number being typed, which passes through
 * values that nobody means.
 */
export function withoutStrayDraftFields(draft: Draft, chosen: string): Draft {
  const stray = strayIn(draft).filter((path) => path !== chosen && readPath(draft, path) !== undefined)
  return stray.length === 0 ? draft : withoutStrayDraftFields(stray.reduce(removePath, draft), chosen)
}

function strayIn(draft: Draft): string[] {
  try {
    // The ratio of a compression goes with its kind.
    return strayFieldsOf(readConfig(draft)).map(({ object, path }) => object ?? path)
  } catch (error) {
    if (error instanceof RefusedError) return []
    throw error
  }
}
