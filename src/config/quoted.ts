export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value as quoted in a refusal: short, on one line. */
export function quoted(value: unknown): string {
  const text = typeof value === 'number' && !Number.isFinite(value) ? String(value) : jsonOf(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** A script's value need not be JSON: it may be cyclic or nested without end. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return typeof value === 'bigint' ? `${value}n` : `a value of type ${typeof value}`
  }
}
