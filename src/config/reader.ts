import { RefusedError } from '../core/errors.ts'

/** Reads one object of a configuration: every key is asked for once, whatever is left over is refused by name. */
export class Reader {
  private readonly seen = new Set<string>()
  private readonly object: Readonly<Record<string, unknown>>

  constructor(
    value: unknown,
    readonly path: string,
  ) {
    if (value === undefined) this.object = {}
    else if (isObject(value)) this.object = value
    else throw new RefusedError(path || 'configuration', `${show(value)} must be an object`)
  }

  at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`
  }

  has(key: string): boolean {
    return this.object[key] !== undefined
  }

  raw(key: string): unknown {
    this.seen.add(key)
    return this.object[key]
  }

  child(key: string): Reader {
    return new Reader(this.raw(key), this.at(key))
  }

  number(key: string, fallback: number, least: number, most: number): number {
    const value = this.raw(key) ?? fallback
    if (typeof value !== 'number' || !Number.isFinite(value) || value < least || value > most)
      throw new RefusedError(this.at(key), `${show(value)} must be a number from ${least} to ${most}`)
    return value
  }

  integer(key: string, fallback: number, least: number, most: number): number {
    const value = this.raw(key) ?? fallback
    return wholeNumber(this.at(key), value, least, most)
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.raw(key) ?? fallback
    if (typeof value !== 'boolean') throw new RefusedError(this.at(key), `${show(value)} must be true or false`)
    return value
  }

  choice<Choice extends string | number>(key: string, fallback: Choice, allowed: readonly Choice[]): Choice {
    const value = this.raw(key) ?? fallback
    const found = allowed.find((each) => each === value)
    if (found === undefined) throw new RefusedError(this.at(key), `${show(value)} must be one of ${allowed.join(', ')}`)
    return found
  }

  text(key: string): string | null {
    const value = this.raw(key) ?? null
    if (value !== null && (typeof value !== 'string' || value === ''))
      throw new RefusedError(this.at(key), `${show(value)} must be a non-empty text`)
    return value
  }

  /** Refuses keys nobody asked for. */
  end(): void {
    for (const key of Object.keys(this.object))
      if (!this.seen.has(key))
        throw new RefusedError(this.at(key), `unknown; allowed here: ${[...this.seen].sort().join(', ')}`)
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function wholeNumber(path: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    throw new RefusedError(path, `${show(value)} must be a whole number from ${least} to ${most}`)
  return value
}

/** A value as a refusal quotes it: short, on one line. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
