export type Combine = 'sum' | 'max'

/**
 * into[at + i] = own[from + i] ∘ other[i] for i < length. `into` and `own` may be the same array at the same place.
 * Plain indexed loops: engines compile them to code without bounds checks or allocation.
 */
export function combine(
  kind: Combine,
  into: Float32Array,
  at: number,
  own: Float32Array,
  from: number,
  other: Float32Array,
  length: number,
): void {
  const target = into.subarray(at, at + length)
  const mine = own.subarray(from, from + length)
  if (kind === 'sum') {
    for (let i = 0; i < length; i++) target[i] = (mine[i] ?? 0) + (other[i] ?? 0)
  } else {
    for (let i = 0; i < length; i++) target[i] = Math.max(mine[i] ?? 0, other[i] ?? 0)
  }
}
