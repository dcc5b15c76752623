import { kindOf } from '../../core/fault.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useFaultText } from '../text/fault-text.ts'
import { useText } from '../text/use-text.ts'
import button from '../theme/button.module.css'
import styles from './simulate.module.css'
import type { SimulateText } from './text-en.ts'

/** Why the current configuration has no figures, and what to do about it: above the previous figures. */
export function RefusalNotice({
  hasResult,
  text,
  onSearch,
}: {
  readonly hasResult: boolean
  readonly text: SimulateText
  readonly onSearch: () => void
}) {
  const { simulation } = usePage()
  const page = useText()
  const faultText = useFaultText()
  const problem = useSlice(simulation, (state) => state.problem)
  if (problem === null) return null
  const outOfMemory = kindOf(problem) === 'outOfMemory'
  const name = Object.entries(text.fields).find(([path]) => path === problem.field)?.[1] ?? problem.field
  return (
    <div className={styles.notice} role="status" data-testid="refusal">
      <h2>{outOfMemory ? text.outOfMemory : text.refused}</h2>
      <p>{outOfMemory || name === undefined ? faultText(problem) : text.fieldProblem(name, faultText(problem))}</p>
      {outOfMemory && <p>{page.failures.outOfMemory.advice}</p>}
      {hasResult && <p>{text.figuresBefore}</p>}
      {outOfMemory && (
        <button type="button" className={button.button} onClick={onSearch}>
          {text.plan}
        </button>
      )}
    </div>
  )
}
