/** Remembers what the last `most` keys led to; inputs that lead to the same come in rows in searches and sweeps. */
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
