import { Fragment, useEffect, useState } from 'react'
import { SIMULATION_FIELDS } from '../../state/simulation-fields.ts'
import type { SimulationField, SimulationGroup, SimulationPath } from '../../state/simulation-fields.ts'
import { STORIES } from '../../sim/stories.ts'
import controls from '../controls/controls.module.css'
import { usePage, useSlice } from '../page-context.ts'
import panel from '../theme/panel.module.css'
import { LayoutSearch } from './layout-search.tsx'
import { SimulateField } from './simulate-field.tsx'
import styles from './simulate.module.css'
import { SimulationResult } from './simulation-result.tsx'
import { SIMULATE_TEXT } from './text.ts'
import { ThisDevice } from './this-device.tsx'
import { useProblemText } from '../text/problem-text.ts'

const STORY_CONFIGS = STORIES.flatMap(({ id, configs }) => configs.map(({ label, config }) => ({ name: `${id}: ${label}`, config })))

/** Any cluster, any model: memory and time at once, pinned configurations beside each other, a search over all layouts. */
export default function SimulatePlace() {
  const { simulation, settings } = usePage()
  const say = useProblemText()
  const language = useSlice(settings, (state) => state.language)
  const text = SIMULATE_TEXT[language]
  const problem = useSlice(simulation, (state) => state.problem)
  const [story, setStory] = useState('')
  useEffect(() => simulation.start(), [simulation])
  const groups = Object.entries(SIMULATION_FIELDS) as [SimulationGroup, Readonly<Record<string, SimulationField>>][]
  const shown = groups.flatMap(([, fields]) => Object.keys(fields))
  const elsewhere = problem !== null && !shown.some((path) => problem.field === path || problem.field.startsWith(`${path}.`))
  const chooseStory = (name: string) => {
    setStory(name)
    const found = STORY_CONFIGS.find((each) => each.name === name)
    if (found) simulation.load(found.config)
  }
  return (
    <div className={styles.place}>
      <aside className={styles.controls} aria-label={text.title}>
        <p className={styles.about}>{text.about}</p>
        <div className={controls.field}>
          <label htmlFor="story">{text.story}</label>
          <select id="story" value={story} onChange={(event) => chooseStory(event.target.value)}>
            <option value="">{text.choose}</option>
            {STORY_CONFIGS.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
          <span />
        </div>
        {groups.map(([group, fields]) => (
          <fieldset key={group} className={styles.group}>
            <legend>{text.groups[group]}</legend>
            {Object.entries(fields).map(([path, spec]) => (
              <Fragment key={path}>
                <SimulateField path={path as SimulationPath} spec={spec} text={text} />
                {path === 'cluster.device' && <ThisDevice text={text} />}
              </Fragment>
            ))}
          </fieldset>
        ))}
        {elsewhere && (
          <p className={controls.problem} role="alert">
            {problem.field === '' ? say(problem) : `${problem.field}: ${say(problem)}`}
          </p>
        )}
      </aside>
      <main className={styles.results} id="cluster">
        <section className={panel.panel} aria-label={text.title}>
          <SimulationResult text={text} />
        </section>
        <section className={panel.panel} aria-label={text.plan}>
          <LayoutSearch text={text} />
        </section>
      </main>
    </div>
  )
}
