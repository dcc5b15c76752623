import type { ConfigUse } from './check.ts'
import { checkConfig } from './check.ts'
import { RUN } from './fields/run.ts'
import { readRows } from './reader.ts'
import type { RunConfig } from './types.ts'

/**
 * Anything from outside → a configuration with every default filled in; a finished configuration parses to itself. Throws
 * RefusedError, one line with the field, the value and what is allowed, at the first problem.
 * @param use simulating ignores `data`: a vocabulary smaller than its tokenizer's is then no problem
 */
export function parseConfig(input: unknown, use: ConfigUse = 'execute'): RunConfig {
  const config = readConfig(input)
  checkConfig(config, use)
  return config
}

/** The fields on their own; rules between fields are check.ts's. */
export function readConfig(input: unknown): RunConfig {
  return readRows(RUN.rows, input)
}

/** `{}` with every default. */
export const DEFAULTS: RunConfig = readConfig({})
