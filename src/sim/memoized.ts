/** Caches the results of the last `most` keys; searches and sweeps repeat equal inputs in runs. */
export function memoized<Input, Value>(
  most: number,
  keyOf: (input: Input) => string,
  make: (input: Input) => Value,
): (input: Input) => Value {
  const kept = new Map<string, Value>()
  return (input) => {
    const key = keyOf(input)
    const found = kept.get(key)
    if (found !== undefined) return found
    const value = make(input)
    if (kept.size >= most) kept.delete(kept.keys().next().value!)
    kept.set(key, value)
    return value
  }
}
