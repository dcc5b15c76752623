import { strayFieldsOf } from '../config/effects.ts'
import { readConfig } from '../config/parse.ts'
import { RefusedError } from '../core/errors.ts'
import type { Draft } from './draft-path.ts'
import { readPath, removePath } from './draft-path.ts'

/**
 * A draft after a choice, without fields that have no effect with it: switching from SGD to AdamW drops the momentum.
 * The chosen field itself is kept, for the rules to report on. Not for a number being typed, which passes through
 * unintended values.
 */
export function withoutStrayDraftFields(draft: Draft, chosen: string): Draft {
  const stray = strayIn(draft).filter((path) => path !== chosen && readPath(draft, path) !== undefined)
  return stray.length === 0 ? draft : withoutStrayDraftFields(stray.reduce(removePath, draft), chosen)
}

function strayIn(draft: Draft): string[] {
  try {
    // The ratio of a compression belongs to its kind.
    return strayFieldsOf(readConfig(draft)).map(({ object, path }) => object ?? path)
  } catch (error) {
    if (error instanceof RefusedError) return []
    throw error
  }
}
