/** A draft is a run configuration as a user writes it: JSON with only what differs from the defaults. */
export type DraftValue = string | number | boolean | null | readonly DraftValue[] | Draft
export interface Draft {
  readonly [field: string]: DraftValue
}

export function isDraft(value: unknown): value is Draft {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a dotted path ("parallel.data") of a draft or of a complete configuration; undefined when absent. */
export function readPath(root: unknown, path: string): unknown {
  let at: unknown = root
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return undefined
    at = Object.entries(at).find(([name]) => name === key)?.[1]
  }
  return at
}

/** A copy with `value` at `path`. */
export function writePath(root: Draft, path: string, value: DraftValue): Draft {
  const dot = path.indexOf('.')
  if (dot < 0) return { ...root, [path]: value }
  const head = path.slice(0, dot)
  const inner = root[head]
  return { ...root, [head]: writePath(isDraft(inner) ? inner : {}, path.slice(dot + 1), value) }
}

/** A copy without `path`; emptied objects are removed too, so that a reset draft equals a fresh one. */
export function removePath(root: Draft, path: string): Draft {
  const dot = path.indexOf('.')
  const head = dot < 0 ? path : path.slice(0, dot)
  const inner = root[head]
  if (inner === undefined) return root
  const { [head]: _removed, ...rest } = root
  if (dot < 0 || !isDraft(inner)) return rest
  const next = removePath(inner, path.slice(dot + 1))
  return Object.keys(next).length === 0 ? rest : { ...root, [head]: next }
}
