import { minimalConfig } from '../config/minimal.ts'
import type { RunConfig } from '../config/types.ts'
import { softwareOf } from '../sim/cost/software.ts'
import { readPath } from './draft-path.ts'

/** A field in which configurations differ; values in the order of the configurations. */
export interface Difference {
  readonly field: string
  readonly values: readonly string[]
}

/** Dotted paths of all fields of a minimal configuration. */
function pathsOf(value: unknown, prefix = ''): string[] {
  return Object.entries(isObject(value) ? value : {}).flatMap(([key, each]) =>
    isObject(each) ? pathsOf(each, `${prefix}${key}.`) : [prefix + key],
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const SOFTWARE = 'cluster.software'

/**
 * The fields in which configurations differ; a model's sizes count only where no preset names them, and software is the
 * one used for simulation, named or not.
 */
export function differencesOf(configs: readonly RunConfig[]): Difference[] {
  const paths = new Set([...configs.flatMap((config) => pathsOf(minimalConfig(config))), SOFTWARE])
  return [...paths].flatMap((field) => {
    const values = configs.map((config) => (field === SOFTWARE ? softwareOf(config).id : text(readPath(config, field))))
    return new Set(values).size > 1 ? [{ field, values }] : []
  })
}

function text(value: unknown): string {
  if (value === null || value === undefined) return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
