import { FIELDS, hasEffect } from '../config/registry.ts'
import type { Draft, DraftValue } from './draft-path.ts'
import { readPath, removePath, writePath } from './draft-path.ts'
import { readableConfig } from './readable-config.ts'

/** A draft with `value` at `path`, and without what that leaves without an effect. */
export function setField(draft: Draft, path: string, value: DraftValue): Draft {
  return withoutIdle(draft, writePath(draft, path, value))
}

/** A draft with the default at `path`, and without what that leaves without an effect. */
export function resetField(draft: Draft, path: string): Draft {
  return withoutIdle(draft, removePath(draft, path))
}

/**
 * What `next` says of fields that had an effect in `draft` and have none now goes: their controls go, too, and what is said
 * without effect would be refused.
 */
function withoutIdle(draft: Draft, next: Draft): Draft {
  const [before, after] = [readableConfig(draft), readableConfig(next)]
  const idle = [...FIELDS.values()].filter(
    (each) => readPath(next, each.path) !== undefined && hasEffect(each, before) && !hasEffect(each, after),
  )
  return idle.reduce((rest, { object, path }) => removePath(rest, object ?? path), next)
}
