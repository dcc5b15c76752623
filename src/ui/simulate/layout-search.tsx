import { useId, useState } from 'react'
import { describeCandidate } from '../../sim/planner/candidates.ts'
import type { PlannerResult } from '../../sim/planner/plan.ts'
import type { ClockedCandidate } from '../../sim/planner/clocked-candidate.ts'
import { formatBytes, formatCount, formatPercent, formatSeconds, formatWhole } from '../format.ts'
import { usePage, useSlice } from '../page-context.ts'
import { lazyPart } from '../part/lazy-part.tsx'
import panel from '../theme/panel.module.css'
import button from '../theme/button.module.css'
import { Phrase } from './phrase.tsx'
import styles from './simulate.module.css'
import type { SimulateText } from './text-en.ts'
import { useFaultText } from '../text/fault-text.ts'
import { useLayoutWords } from '../text/layout-words.ts'

/** Its chart library is loaded with the first answer. */
const ParetoPlot = lazyPart(() => import('./pareto-plot.tsx'))

/** Table rows until all are requested. */
const SHOWN = 12

/** The planner: every layout of this model over these devices, ranked; with progress, cancellable at any time. */
export function LayoutSearch({ text }: { readonly text: SimulateText }) {
  const { simulation } = usePage()
  const search = useSlice(simulation, (state) => state.search)
  const faultText = useFaultText()
  return (
    <>
      <div className={panel.head}>
        <h2 className={panel.title}>{text.plan}</h2>
        {search.phase === 'running' ? (
          <button type="button" className={button.button} onClick={() => simulation.cancelSearch()}>
            {text.cancel}
          </button>
        ) : (
          <button type="button" className={button.button} onClick={() => simulation.search()}>
            {text.search}
          </button>
        )}
        <span role="status">{search.phase === 'running' && <Progress text={text} />}</span>
      </div>
      <p className={styles.about}>{text.planAbout}</p>
      {search.phase === 'failed' && <p role="alert">{faultText(search.problem)}</p>}
      {search.phase === 'found' && <Found plan={search.plan} text={text} />}
    </>
  )
}

function Progress({ text }: { readonly text: SimulateText }) {
  const { simulation } = usePage()
  const search = useSlice(simulation, (state) => state.search)
  if (search.phase !== 'running' || search.progress === null) return text.computing
  const { phase, done, total } = search.progress
  return phase === 'bounding'
    ? text.bounding(formatWhole(done))
    : text.clocking(formatWhole(done), formatWhole(total ?? 0))
}

function Found({ plan, text }: { readonly plan: PlannerResult; readonly text: SimulateText }) {
  const { simulation } = usePage()
  const words = useLayoutWords()
  const faultText = useFaultText()
  const present = useSlice(simulation, (state) => (state.problem === null ? state.result : null))
  return (
    <>
      <p className={styles.explanation}>
        <Phrase pieces={text.explained(plan.verdict, words)} />
      </p>
      <ParetoPlot
        waiting={<p aria-busy="true">{text.computing}</p>}
        plan={plan}
        present={present}
        text={text}
        onTake={(planned) => simulation.take(plan.best, planned)}
      />
      <p>{text.found(formatWhole(plan.candidates), formatWhole(plan.fitting), formatWhole(plan.clocked))}</p>
      <Ranking planned={plan.ranked} plan={plan} label={text.plan} text={text} />
      <h3>{text.front}</h3>
      <Ranking planned={plan.front} plan={plan} label={text.front} text={text} />
      <details>
        <summary>{text.dropped}</summary>
        <ul className={styles.path}>
          {plan.dropped.map(({ reason, count }) => (
            <li key={faultText(reason)}>
              <span>{faultText(reason)}</span> <span className={styles.number}>{formatWhole(count)}</span>
            </li>
          ))}
        </ul>
      </details>
    </>
  )
}

function Ranking({
  planned,
  plan,
  label,
  text,
}: {
  readonly planned: readonly ClockedCandidate[]
  readonly plan: PlannerResult
  readonly label: string
  readonly text: SimulateText
}) {
  const words = useLayoutWords()
  const { simulation } = usePage()
  const [showsAll, setShowsAll] = useState(false)
  const id = useId()
  return (
    <>
      <div id={id} className={styles.scroll} tabIndex={0} role="region" aria-label={`${label}: ${text.table}`}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{text.layout}</th>
              <th scope="col">{text.fullest}</th>
              <th scope="col">{text.bubble}</th>
              <th scope="col">{text.step}</th>
              <th scope="col">{text.tokens}</th>
              <th scope="col">{text.mfu}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {planned.slice(0, showsAll ? planned.length : SHOWN).map((each) => {
              const name = describeCandidate(each.candidate, words)
              return (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>
                    <span className="predicted">{formatBytes(each.memoryBytes)}</span>
                  </td>
                  <td>
                    <span className="predicted">{formatPercent(each.bubble)}</span>
                  </td>
                  <td>
                    <span className="virtual">{formatSeconds(each.stepSeconds)}</span>
                  </td>
                  <td>
                    <span className="virtual">{formatCount(each.tokensPerSecond)}</span>
                  </td>
                  <td>
                    <span className="virtual">{formatPercent(each.mfu)}</span>
                  </td>
                  <td>
                    <button
                      type="button"
                      className={button.button}
                      aria-label={`${text.use}: ${name}`}
                      onClick={() => simulation.take(plan.best, each)}
                    >
                      {text.use}
                    </button>
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      {planned.length > SHOWN && (
        <p>
          <button
            type="button"
            className={button.button}
            aria-expanded={showsAll}
            aria-controls={id}
            onClick={() => setShowsAll(!showsAll)}
          >
            {showsAll ? text.showFirst(formatWhole(SHOWN)) : text.showAll(formatWhole(planned.length))}
          </button>
        </p>
      )}
    </>
  )
}
