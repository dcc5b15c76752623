import { readPath } from '../../state/draft-path.ts'
import controls from '../controls/controls.module.css'
import { usePage, useSlice } from '../page-context.ts'
import { useFaultText } from '../text/fault-text.ts'
import { useText } from '../text/use-text.ts'
import { isAbout, useProblems } from '../use-problems.ts'
import { STRATEGY_TEXT } from './text.ts'

/** Lists without a control: they come from an accepted better split, or from a link. */
const SPLIT_FIELDS = ['batch.shares', 'parallel.partition'] as const

/** An uneven split of the work in the draft, with a reset to the even one. */
export function Splits() {
  const page = usePage()
  const words = useText()
  const faultText = useFaultText()
  const text = STRATEGY_TEXT[useSlice(page.settings, (state) => state.language)]
  const draft = useSlice(page.draft, (state) => state.draft)
  const problems = useProblems()
  return SPLIT_FIELDS.map((path) => {
    const split = readPath(draft, path)
    if (!Array.isArray(split)) return null
    // The partition also has a control, which shows its problem.
    const problem = path === 'batch.shares' ? problems.find((each) => isAbout(each, path)) : undefined
    return (
      <div key={path} className={controls.field} data-testid={path}>
        <span className={controls.label}>{text.splits[path]}</span>
        <span>{split.join(' : ')}</span>
        <button
          type="button"
          className={controls.reset}
          aria-label={`${words.reset}: ${text.splits[path]}`}
          title={words.reset}
          onClick={() => page.draft.reset(path)}
        >
          ↺
        </button>
        {problem && (
          <p className={controls.problem} role="alert">
            {faultText(problem)}
          </p>
        )}
      </div>
    )
  })
}
