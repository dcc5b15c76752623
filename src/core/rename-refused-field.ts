import { RefusedError } from './errors.ts'

/**
 * Returns `work`'s result; a refusal of `field` is rethrown under the name `as`. For input that is read under one name
 * and was given under another: a command-line option, a file behind a field.
 */
export async function renameRefusedField<Value>(field: string, as: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RefusedError) || error.fault.field !== field) throw error
    throw new RefusedError({ ...error.fault, field: as })
  }
}
