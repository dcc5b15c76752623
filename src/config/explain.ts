import { RefusedError } from '../core/errors.ts'
import type { Problem, ConfigUse } from './check.ts'
import { problemsOf } from './check.ts'
import { readConfig } from './parse.ts'

/**
 * Everything that is wrong with an input, by field, without throwing, for display beside the page's controls. Rules
 * between fields are checked once each field is valid on its own.
 */
export function explainConfig(input: unknown, use: ConfigUse = 'execute'): Problem[] {
  try {
    return problemsOf(readConfig(input), use)
  } catch (error) {
    if (error instanceof RefusedError) return [problemOf(error)]
    throw error
  }
}

/** A refusal as the page shows it. */
export function problemOf({ field, reason, localizable }: RefusedError): Problem {
  return { field, message: reason, ...(localizable ? { localizable } : {}) }
}
