import type { LocalizableMessage } from './message.ts'

/**
 * Errors meant for users. Each is one line; `exitStatus` is that of the command line (2 refused input, 3 out of memory,
 * 1 any other failure).
 */

/** Invalid input from outside: names the field, its value and what is allowed. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly exitStatus = 2
  readonly field: string

  /** The message without its field, for translation; absent where only the command line can produce it. */
  readonly localizable: LocalizableMessage | null

  /** @param field dotted path ("parallel.tensor"); @param message value and what is allowed ("3 does not divide …") */
  constructor(field: string, message: string | LocalizableMessage) {
    super(`${field}: ${typeof message === 'string' ? message : message.text}`)
    this.field = field
    this.localizable = typeof message === 'string' ? null : message
  }

  /** The message without its field. */
  get reason(): string {
    return this.message.slice(this.field.length + 2)
  }
}

/** A real or simulated out-of-memory: names the category and the size that did not fit. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError'
  readonly exitStatus = 3
  readonly category: string
  readonly bytes: number

  constructor(message: string, category: string, bytes: number) {
    super(message)
    this.category = category
    this.bytes = bytes
  }
}

/** An invalid Program (deadlock, missing writer, leak). The message includes the grid with the op marked. */
export class InvalidProgramError extends Error {
  override readonly name = 'InvalidProgramError'
  readonly exitStatus = 1
}

/** The first failure of a running cluster: which rank, at which op. */
export class RankError extends Error {
  override readonly name = 'RankError'
  readonly exitStatus: number
  readonly rank: number
  readonly op: string | null
  /** The reason, without rank and op. */
  readonly reason: string

  constructor(rank: number, op: string | null, reason: string, exitStatus = 1) {
    super(`rank ${rank}${op === null ? '' : ` at ${op}`}: ${reason}`)
    this.rank = rank
    this.op = op
    this.reason = reason
    this.exitStatus = exitStatus
  }
}

/** Throws when an invariant of our own code is broken (never for input from outside). */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal: ${message}`)
}

/** The exit status of the command line for an error. */
export function exitStatusOf(error: unknown): number {
  return error instanceof Error && 'exitStatus' in error && typeof error.exitStatus === 'number' ? error.exitStatus : 1
}
