import { readConfig } from './parse.ts'
import type { Fragment } from './reader.ts'

interface Node {
  type: 'object'
  properties: Record<string, unknown>
  additionalProperties: false
}

function emptyObject(): Node {
  return { type: 'object', properties: {}, additionalProperties: false }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'properties' in value && !('required' in value)
}

/**
 * The JSON Schema of a run configuration, made by listening to the code that reads one. Rules between fields (a divisor, a
 * sum, "one of the two") are not in it: the reader alone knows those.
 */
export function runSchema(): Fragment {
  const root = emptyObject()
  const note = (path: string, fragment: Fragment): void => {
    const keys = path.split('.')
    let node = root
    for (const key of keys.slice(0, -1)) {
      const next = node.properties[key]
      node = isNode(next) ? next : (node.properties[key] = emptyObject())
    }
    node.properties[keys.at(-1)!] ??= fragment
  }
  readConfig({}, note)
  // Fields that are read only with this kind.
  readConfig({ parallel: { compression: { kind: 'topk' } } }, note)
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'TabCluster run configuration',
    ...root,
  }
}
