import { kindOf, lineOf, sentence } from './fault.ts'
import type { CodeOfKind, Fault, FaultSentence, FaultValues } from './fault.ts'

/** Failures meant for users, as errors. The message is the fault's one line in English. */
export class FaultError extends Error {
  override readonly name: string = 'FaultError'
  readonly fault: Fault

  constructor(fault: Fault, options?: ErrorOptions) {
    super(lineOf(fault), options)
    this.fault = fault
  }
}

/** Invalid input from outside: names the field, its value and what is allowed. */
export class RefusedError extends FaultError {
  override readonly name = 'RefusedError'
}

/** A real or simulated out-of-memory: names the category and the size that did not fit. */
export class OutOfMemoryError extends FaultError {
  override readonly name = 'OutOfMemoryError'
}

/** The first failure of a running cluster: which rank, at which op. */
export class RankError extends FaultError {
  override readonly name = 'RankError'
}

/** An invalid Program (deadlock, missing writer, leak). The message includes the grid with the op marked. */
export class InvalidProgramError extends FaultError {
  override readonly name = 'InvalidProgramError'

  constructor(found: string) {
    super(sentence('program-invalid', { found }))
  }
}

export type RefusedCode = CodeOfKind<'refused'>

/** @param field dotted path ("parallel.tensor") */
export function refused<const Code extends RefusedCode>(
  field: string,
  code: Code,
  ...values: FaultValues<Code>
): RefusedError {
  return new RefusedError({ ...sentence(code, ...values), field })
}

/** Refuses one field, saying why. */
export type Refuse<Codes extends FaultSentence['code'] = RefusedCode> = <const Code extends Codes>(
  code: Code,
  ...values: FaultValues<Code>
) => never

export function refuserOf(field: string): Refuse {
  return (code, ...values) => {
    throw refused(field, code, ...values)
  }
}

/** The error that a fault was, or would have been: for a fault from another worker. */
export function errorOf(fault: Fault): FaultError {
  if (fault.rank !== undefined) return new RankError(fault)
  const kind = kindOf(fault)
  return kind === 'refused'
    ? new RefusedError(fault)
    : kind === 'outOfMemory'
      ? new OutOfMemoryError(fault)
      : new FaultError(fault)
}

/** What an error is about; of one that is not ours only its message is known. */
export function faultOf(error: unknown): Fault {
  if (error instanceof FaultError) return error.fault
  return sentence('unexpected', { message: error instanceof Error ? error.message : String(error) })
}

/** Any error as one with a fault. */
export function faultErrorOf(error: unknown): FaultError {
  return error instanceof FaultError ? error : new FaultError(faultOf(error), { cause: error })
}

/** A fault of a rank. One that has its rank stays, and so does a refused field, which is no failure of an op. */
export function onRank(fault: Fault, rank: number, op: string | null): Fault {
  if (fault.rank !== undefined || (fault.field !== undefined && op === null)) return fault
  return { ...fault, rank, ...(op === null ? {} : { op }) }
}

/** Throws when an invariant of our own code is broken (never for input from outside). */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal: ${message}`)
}
