import { RefusedError } from '../core/errors.ts'
import type { Fault } from '../core/fault.ts'
import type { ConfigUse } from './check.ts'
import { problemsOf } from './check.ts'
import { readConfig } from './parse.ts'

/**
 * Everything that is wrong with an input, by field, without throwing, for display beside the page's controls. Rules
 * between fields are checked once each field is valid on its own.
 */
export function explainConfig(input: unknown, use: ConfigUse = 'execute'): Fault[] {
  try {
    return problemsOf(readConfig(input), use)
  } catch (error) {
    if (error instanceof RefusedError) return [error.fault]
    throw error
  }
}
