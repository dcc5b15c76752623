import type { ConfigUse } from './check.ts'
import { checkConfig } from './check.ts'
import { RUN } from './fields/run.ts'
import { readRows } from './reader.ts'
import type { RunConfig } from './types.ts'

/**
 * Any input → a configuration with every default filled in; a complete configuration parses to itself. Throws
 * RefusedError at the first problem: one line with the field, the value and what is allowed.
 * @param use simulating ignores `data`, so a vocabulary smaller than its tokenizer's is allowed
 */
export function parseConfig(input: unknown, use: ConfigUse = 'execute'): RunConfig {
  const config = readConfig(input)
  checkConfig(config, use)
  return config
}

/** Checks single fields only; rules between fields are in check.ts. */
export function readConfig(input: unknown): RunConfig {
  return readRows(RUN.rows, input)
}

/** `{}` with every default. */
export const DEFAULTS: RunConfig = readConfig({})
