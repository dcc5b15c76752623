import type { Fault } from '../core/fault.ts'
import { refusalOfAdapters } from './adapter-assignment.ts'
import type { DraftState } from './draft-store.ts'
import { refusalOfFiles } from './files-store.ts'
import type { FilesState } from './files-store.ts'
import type { Availability } from './session.ts'

export interface OnScreen {
  readonly draft: Pick<DraftState, 'config' | 'problems'>
  /** The problem found by compiling it. */
  readonly problem: Fault | null
  readonly files: FilesState
  readonly found: Availability | null
}

/**
 * Everything that prevents what is on screen from running, in the order in which to fix it: fields, then compilation,
 * then files or adapters missing here. The panel shows it, and nothing starts while there is any.
 */
export function problemsOnScreen({ draft, problem, files, found }: OnScreen): readonly Fault[] {
  if (draft.problems.length > 0) return draft.problems
  const missing = [refusalOfFiles(draft.config, files), refusalOfAdapters(draft.config, found)]
  return [...(problem ? [problem] : []), ...missing.flatMap((refusal) => (refusal ? [refusal.fault] : []))]
}
