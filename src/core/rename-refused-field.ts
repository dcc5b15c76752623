import { RefusedError } from './errors.ts'

/**
 * Gives `work`'s result; a refusal of `field` names `as` instead. For what is read under one name and was given under another:
 * an option of the command line, a file behind a field.
 */
export async function renameRefusedField<Value>(field: string, as: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RefusedError) || error.field !== field) throw error
    throw new RefusedError(as, error.localizable ?? error.reason)
  }
}
