import { RefusedError } from '../core/errors.ts'
import { say } from '../core/said.ts'

/** A fragment of a JSON Schema (draft 2020-12). */
export type Fragment = Readonly<Record<string, unknown>>

/** Told of every field as it is read: how the published schema is made from the reading code itself. */
export type Note = (path: string, fragment: Fragment) => void

/** Reads one object of a configuration: every key is asked for once, whatever is left over is refused by name. */
export class Reader {
  private readonly seen = new Set<string>()
  private readonly object: Readonly<Record<string, unknown>>

  constructor(
    value: unknown,
    readonly path: string,
    private readonly note: Note = () => undefined,
  ) {
    if (value === undefined) this.object = {}
    else if (isObject(value)) this.object = value
    else throw new RefusedError(path || 'configuration', say`${show(value)} must be an object`)
  }

  at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`
  }

  has(key: string): boolean {
    return Object.hasOwn(this.object, key) && this.object[key] !== undefined
  }

  /** A value as it stands, undefined where absent; `fragment` describes what the caller takes. */
  raw(key: string, fragment?: Fragment): unknown {
    this.seen.add(key)
    if (fragment) this.note(this.at(key), fragment)
    return this.has(key) ? this.object[key] : undefined
  }

  child(key: string): Reader {
    return new Reader(this.raw(key), this.at(key), this.note)
  }

  number(key: string, fallback: number, least: number, most: number): number {
    const value = this.raw(key, { type: 'number', minimum: least, maximum: most, default: fallback })
    return value === undefined ? fallback : numberBetween(this.at(key), value, least, most)
  }

  integer(key: string, fallback: number, least: number, most: number): number {
    const value = this.raw(key, { type: 'integer', minimum: least, maximum: most, default: fallback })
    return value === undefined ? fallback : wholeNumber(this.at(key), value, least, most)
  }

  /** A whole number or null, which is also what an absent one means. */
  integerOrNull(key: string, least: number, most: number): number | null {
    const value = this.raw(key, { type: ['integer', 'null'], minimum: least, maximum: most, default: null })
    return value === undefined || value === null ? null : wholeNumber(this.at(key), value, least, most)
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.raw(key, { type: 'boolean', default: fallback })
    if (value === undefined) return fallback
    if (typeof value !== 'boolean') throw new RefusedError(this.at(key), say`${show(value)} must be true or false`)
    return value
  }

  choice<Choice extends string | number>(key: string, fallback: Choice, allowed: readonly Choice[]): Choice {
    const value = this.raw(key, { enum: allowed, default: fallback })
    if (value === undefined) return fallback
    const found = allowed.find((each) => each === value)
    if (found === undefined)
      throw new RefusedError(this.at(key), say`${show(value)} must be one of ${allowed.join(', ')}`)
    return found
  }

  choiceOrNull<Choice extends string>(key: string, allowed: readonly Choice[]): Choice | null {
    const value = this.raw(key, { enum: [...allowed, null] })
    if (value === undefined || value === null) return null
    const found = allowed.find((each) => each === value)
    if (found === undefined)
      throw new RefusedError(this.at(key), say`${show(value)} must be one of ${allowed.join(', ')}`)
    return found
  }

  textOrNull(key: string): string | null {
    const value = this.raw(key, { type: ['string', 'null'], minLength: 1, default: null })
    if (value === undefined || value === null) return null
    if (typeof value !== 'string' || value === '')
      throw new RefusedError(this.at(key), say`${show(value)} must be a non-empty text`)
    return value
  }

  /** Refuses keys nobody asked for. */
  end(): void {
    for (const key of Object.keys(this.object))
      if (!this.seen.has(key))
        throw new RefusedError(this.at(key), say`unknown; allowed here: ${[...this.seen].sort().join(', ')}`)
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function wholeNumber(path: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    throw new RefusedError(path, say`${show(value)} must be a whole number from ${least} to ${most}`)
  return value
}

export function numberBetween(path: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < least || value > most)
    throw new RefusedError(path, say`${show(value)} must be a number from ${least} to ${most}`)
  return value
}

/** A value as a refusal quotes it: short, on one line. */
export function show(value: unknown): string {
  const text = typeof value === 'number' && !Number.isFinite(value) ? String(value) : jsonOf(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** What a script gives need not be JSON: it may be nested without end, or hold itself. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return typeof value === 'bigint' ? `${value}n` : `a value of type ${typeof value}`
  }
}
