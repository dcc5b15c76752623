/** Workgroups per dimension that every adapter allows. */
const MAX_GROUPS = 65535

/** A grid of at least `count` workgroups; beyond the limit of x it extends into y (kernels compute y·groups.x + x). */
export function grid(count: number): readonly [number, number, number] {
  const total = Math.max(1, count)
  if (total <= MAX_GROUPS) return [total, 1, 1]
  const rows = Math.ceil(total / MAX_GROUPS)
  return [Math.ceil(total / rows), rows, 1]
}

/** A grid with one invocation per element, `size` to a workgroup. */
export function elements(count: number, size = 64): readonly [number, number, number] {
  return grid(Math.ceil(count / size))
}
