import type { FoundAdapter } from '../../cluster/browser-run.ts'
import type { AdapterChoice } from '../../config/types.ts'
import {
  ADAPTER_CHOICES,
  choicesOf,
  ASSIGNMENTS,
  assignmentOf,
  assignedChoices,
} from '../../state/adapter-assignment.ts'
import { ranksOf } from '../../state/fields.ts'
import { MAX_RANKS } from '../../state/plan-size.ts'
import { formatBytes } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { useText } from '../text/use-text.ts'
import styles from './controls.module.css'

const NONE: readonly FoundAdapter[] = []

function useFound(): readonly FoundAdapter[] {
  return useSlice(usePage().adapters, (state) => (state?.kind === 'ok' ? state.adapters : NONE))
}

/** How adapters are assigned to ranks. */
export function AssignmentSelect({ id, invalid }: { readonly id: string; readonly invalid: object }) {
  const page = usePage()
  const text = useText()
  const found = useFound()
  const draft = useSlice(page.draft, (state) => state.draft)
  const choices = choicesOf(draft)
  const set = (name: string) => {
    const assignment = ASSIGNMENTS.find((each) => each === name)
    if (assignment === undefined) return
    const next = assignedChoices(assignment, ranksOf(draft), found, choices)
    if (next === 'default') page.draft.reset('cluster.adapters')
    else page.draft.set('cluster.adapters', next)
  }
  const offered = (assignment: (typeof ASSIGNMENTS)[number]) =>
    assignment === 'turn'
      ? found.length > 1
      : !ADAPTER_CHOICES.some((choice) => choice === assignment) ||
        found.some((each) => each.choices.some((choice) => choice === assignment))
  return (
    <select id={id} value={assignmentOf(choices, found)} onChange={(event) => set(event.target.value)} {...invalid}>
      {ASSIGNMENTS.map((assignment) => (
        <option key={assignment} value={assignment} disabled={!offered(assignment)}>
          {text.adapterAssignments[assignment]}
        </option>
      ))}
    </select>
  )
}

/** The distinct adapters of this browser with their capabilities, and a choice per rank where assigned one by one. */
export function AdapterList() {
  const page = usePage()
  const text = useText()
  const found = useFound()
  const draft = useSlice(page.draft, (state) => state.draft)
  const choices = choicesOf(draft)
  const ranks = ranksOf(draft)
  const choose = (rank: number, choice: AdapterChoice) => {
    const all = Array.from({ length: ranks }, (_, each) => choices[each] ?? 'high-performance')
    page.draft.set(
      'cluster.adapters',
      all.map((each, at) => (at === rank ? choice : each)),
    )
  }
  return (
    <>
      <ul className={styles.adapters} aria-label={text.adapters}>
        {found.map((adapter) => (
          <li key={JSON.stringify(adapter)}>
            <strong>
              {adapter.description || `${adapter.vendor} ${adapter.architecture}`.trim() || text.unnamedAdapter}
            </strong>
            <span>
              {[
                adapter.software ? text.software : text.hardware,
                text.bufferLimit(formatBytes(adapter.maxBufferBytes)),
                text.bindingLimit(formatBytes(adapter.maxBindingBytes)),
                adapter.subgroups ? text.has('subgroups') : text.hasNot('subgroups'),
                adapter.f16 ? text.has('f16') : text.hasNot('f16'),
              ].join(' · ')}
            </span>
            <span>{text.gotBy(adapter.choices.map((choice) => text.adapterAssignments[choice]).join(', '))}</span>
          </li>
        ))}
      </ul>
      {choices.length > 0 && choices.length !== ranks && (
        <button
          type="button"
          className={styles.again}
          onClick={() =>
            page.draft.set('cluster.adapters', assignedChoices(assignmentOf(choices, found), ranks, found, choices))
          }
        >
          {text.dealAgain(ranks)}
        </button>
      )}
      {choices.length > 0 && (
        <div className={styles.perRank} data-wide>
          {Array.from({ length: Math.min(ranks, MAX_RANKS) }, (_, rank) => (
            <label key={rank}>
              {text.rank(rank)}
              <select
                value={choices[rank] ?? ''}
                onChange={(event) =>
                  choose(rank, ADAPTER_CHOICES.find((each) => each === event.target.value) ?? 'high-performance')
                }
              >
                {choices[rank] === undefined && <option value="">–</option>}
                {ADAPTER_CHOICES.map((choice) => (
                  <option key={choice} value={choice}>
                    {text.adapterAssignments[choice]}
                  </option>
                ))}
              </select>
            </label>
          ))}
        </div>
      )}
    </>
  )
}
