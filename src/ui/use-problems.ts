import { useMemo } from 'react'
import type { Problem } from '../state/session.ts'
import { usePage, useSlice } from './page-context.ts'

/** Everything that is wrong with the draft: what its fields say, and what only compiling it finds. */
export function useProblems(): readonly Problem[] {
  const page = usePage()
  const problems = useSlice(page.draft, (state) => state.problems)
  const planned = useSlice(page.plan, (state) => state.problem)
  return useMemo(() => (problems.length === 0 && planned !== null ? [planned] : problems), [problems, planned])
}

export function concerns(problem: Problem, path: string): boolean {
  return problem.field === path || problem.field.startsWith(`${path}.`)
}
