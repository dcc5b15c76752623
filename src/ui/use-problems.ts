import { useMemo } from 'react'
import type { Fault } from '../core/fault.ts'
import { problemsOnScreen } from '../state/problems.ts'
import { usePage, useSlice } from './page-context.ts'

/** All problems that prevent what is on screen from running. */
export function useProblems(): readonly Fault[] {
  const page = usePage()
  const draft = useSlice(page.draft, (state) => state)
  const planned = useSlice(page.plan, (state) => state.problem)
  const files = useSlice(page.files, (state) => state)
  const found = useSlice(page.adapters, (state) => state)
  return useMemo(() => problemsOnScreen({ draft, problem: planned, files, found }), [draft, planned, files, found])
}

export function isAbout(problem: Fault, path: string): boolean {
  return problem.field === path || problem.field?.startsWith(`${path}.`) === true
}
